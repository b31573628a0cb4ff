import type { Command } from 'commander';
import type { Clock } from '#platform/clock.ts';
import type { FoundWeir } from '../find-weir.ts';
import type { Streams } from '../streams.ts';

export interface RotateSurroundings {
  readonly findWeir: () => Promise<FoundWeir>;
  readonly streams: Streams;
  readonly clock: Clock;
}

/** Adds `weir rotate`. What it needs is loaded when it runs. */
export function addRotateCommand(weir: Command, { findWeir, streams, clock }: RotateSurroundings): void {
  weir
    .command('rotate')
    .description('Put a new OpenAI key in the place of the one in use, without a failed call.')
    .argument('<name>', 'a secret, such as openai, or an endpoint: its secret is meant')
    .option('--admin-key', "store OpenAI's admin key first (from standard input)")
    .addHelpText('after', '\nExample:\n  printenv OPENAI_ADMIN_KEY | npm run weir -- rotate openai --admin-key')
    .addHelpText(
      'after',
      '\nThe key before is revoked a day later. A rotation that broke off is taken up again by the next one.',
    )
    .action(async (name: string, { adminKey = false }: { readonly adminKey?: boolean }) => {
      const [{ outputs }, { createAwsClients }, { rotateKey }] = await Promise.all([
        findWeir(),
        import('../aws-clients.ts'),
        import('../rotate.ts'),
      ]);
      using aws = createAwsClients(outputs);
      await rotateKey({ name, adminKey }, { outputs, aws, streams, clock });
    });
}
