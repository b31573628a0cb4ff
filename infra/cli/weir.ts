import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { DEPLOYED_OUTPUTS_FILE, LOCAL_OUTPUTS_FILE } from '#infra/outputs.ts';
import { systemClock } from '#platform/clock.ts';
import { addAuditCommand } from './audit/command.ts';
import { addBudgetsCommand } from './budgets/command.ts';
import { addCallersCommand } from './callers/command.ts';
import { addEvalCommand } from './eval/command.ts';
import { CliFailure, EXIT, oneLine, reasonOf, UsageFailure, type ExitCode } from './failure.ts';
import { findWeir, type FoundWeir } from './find-weir.ts';
import { addRedactCommand } from './redact/command.ts';
import { addRotateCommand } from './rotate/command.ts';

/**
 * The command line: `npm run weir -- <command>`. What a command needs is loaded when it runs, so that `--help` is there at
 * once.
 */
const { env } = process;
const clock = systemClock;
/** npm runs scripts in the repository's folder; paths are meant from where the person stands. */
const standingIn = env['npm_lifecycle_event'] === 'weir' ? (env['INIT_CWD'] ?? '.') : '.';
const fromHere = (path: string) => resolve(standingIn, path);
const MAX_TIMEOUT_SECONDS = 86_400;

interface SendFlags {
  readonly out?: string;
  readonly inOrder?: boolean;
  readonly timeout: number;
}

interface SetupFlags {
  readonly secret: string;
  readonly callerName: string;
  readonly keys: boolean;
  readonly newKeys?: boolean;
}

const complain = (text: string) => void process.stderr.write(`weir: ${oneLine(text.replace(/^error: /, ''))}\n`);
let exitCode: ExitCode = EXIT.ok;

const weir = new Command('weir')
  .description('Weir from the command line: a deployment on AWS, or the one that npm start runs on this machine.')
  .option(
    '--outputs <file>',
    `where Weir is (default: ${LOCAL_OUTPUTS_FILE} of npm start, else ${DEPLOYED_OUTPUTS_FILE})`,
  )
  .addHelpText('after', '\nExample:\n  npm run --silent weir -- send summarize texts.jsonl')
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ outputError: complain })
  .exitOverride();

weir
  .command('send')
  .description("Put the lines of a file on an endpoint's queue, and show the results.")
  .argument('<endpoint>', 'such as summarize')
  .argument('<file.jsonl>', 'one line, one call: its input, or {"id": …, "input": …}; - is standard input')
  .option('--in-order', "write results in the lines' order, not as they arrive")
  .option('--out <file>', 'write results there, not to standard output')
  .option('--timeout <seconds>', 'stop waiting after this long', parseTimeout, 600)
  .addHelpText('after', '\nExample:\n  npm run weir -- send summarize texts.jsonl --out summaries.jsonl')
  .addHelpText(
    'after',
    '\nEnds with 0 when every line went well, 1 when some failed or are open, 2 when nothing was sent.',
  )
  .action(async (endpoint: string, file: string, { out, inOrder = false, timeout }: SendFlags) => {
    const [{ outputs }, { createAwsClients }, { sendFile }] = await Promise.all([
      weirHere(),
      import('./aws-clients.ts'),
      import('./send.ts'),
    ]);
    const interruption = new AbortController();
    // Once: a second Ctrl-C ends the process as ever.
    process.once('SIGINT', () => interruption.abort());
    using aws = createAwsClients(outputs);
    exitCode = await sendFile(
      {
        endpoint,
        file: file === '-' ? file : fromHere(file),
        out: out === undefined ? undefined : fromHere(out),
        inOrder,
        timeoutSeconds: timeout,
      },
      {
        outputs,
        sqs: aws.sqs,
        streams: process,
        clock,
        random: Math.random,
        runId: randomBytes(6).toString('hex'),
        interrupted: interruption.signal,
      },
    );
  });

weir
  .command('setup')
  .description(
    'Take a fresh deployment to its first call: the OpenAI key (from standard input), a first caller, a smoke call.',
  )
  .option('--secret <name>', 'the secret to set, by its name in the specs', 'openai')
  .option('--caller-name <name>', 'id of the first caller', 'first-caller')
  .option('--new-keys', 'make a key for it even if there are callers; its older ones work for a day more')
  .option('--no-keys', 'set the OpenAI key, and do nothing else')
  .addHelpText('after', '\nExample:\n  printenv OPENAI_API_KEY | npm run weir -- setup')
  .addHelpText('after', '\nWithout a pipe it asks for the key. Run again, it sets the key again and leaves the rest.')
  .action(async ({ keys, newKeys, ...names }: SetupFlags) => {
    if (newKeys && !keys) throw new UsageFailure('--new-keys and --no-keys exclude each other');
    const [found, { createAwsClients }, { setUp }] = await Promise.all([
      weirHere(),
      import('./aws-clients.ts'),
      import('./setup.ts'),
    ]);
    using aws = createAwsClients(found.outputs);
    exitCode = await setUp(
      { ...names, keys: keys ? (newKeys ? 'always' : 'if-none') : 'never' },
      { weir: found, aws, streams: process, adminKey: env['WEIR_ADMIN_KEY'], callerKey: env['WEIR_CALLER_KEY'] },
    );
  });

addBudgetsCommand(weir, {
  findWeir: weirHere,
  streams: process,
  adminKey: env['WEIR_ADMIN_KEY'],
  openaiBaseUrl: env['OPENAI_BASE_URL'] || undefined,
});

addCallersCommand(weir, { findWeir: weirHere, streams: process, adminKey: env['WEIR_ADMIN_KEY'] });

addAuditCommand(weir, { findWeir: weirHere, streams: process, clock, adminKey: env['WEIR_ADMIN_KEY'] });
addEvalCommand(weir, { findWeir: weirHere, streams: process, clock, end: (code) => void (exitCode = code) });
addRedactCommand(weir, process, fromHere);
addRotateCommand(weir, { findWeir: weirHere, streams: process, clock });

function weirHere(): Promise<FoundWeir> {
  const named = weir.opts<{ outputs?: string }>().outputs;
  return findWeir(named === undefined ? undefined : fromHere(named), env['WEIR_DATA_DIR'] ?? '.weir');
}

function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds >= 1 && seconds <= MAX_TIMEOUT_SECONDS) return seconds;
  throw new InvalidArgumentError(`It must be a whole number of seconds from 1 to ${MAX_TIMEOUT_SECONDS}.`);
}

// A reader that leaves (`| head`) is told by the write that failed.
process.stdout.on('error', () => {});
try {
  await weir.parseAsync();
} catch (error) {
  exitCode = error instanceof CliFailure ? error.exitCode : EXIT.failed;
  // Commander has said what there was to say, or shown the help that was asked for.
  if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  else complain(reasonOf(error));
}
process.exitCode = exitCode;
