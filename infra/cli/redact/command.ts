import type { Command } from 'commander';
import { UsageFailure } from '../failure.ts';
import type { Streams } from '../streams.ts';

interface RedactFlags {
  readonly text?: boolean;
  readonly jsonl?: boolean;
}

/** Adds `weir redact`. What it needs is loaded when it runs. */
export function addRedactCommand(weir: Command, streams: Streams, fromHere: (path: string) => string): void {
  weir
    .command('redact')
    .description('Show what would be masked in a text: kinds and places, never values.')
    .argument('[file]', 'a file; - is standard input', '-')
    .option('--text', 'write the masked text instead')
    .option(
      '--jsonl',
      'read {"text": …} a line, and write {"text": <masked>, "found": [{"kind", "start", "end"}]} a line',
    )
    .addHelpText('after', '\nExample:\n  npm run --silent weir -- redact notes.txt')
    .addHelpText('after', '\nPlaces under --jsonl are UTF-16 offsets, the end exclusive. Nothing leaves this machine.')
    .action(async (file: string, { text = false, jsonl = false }: RedactFlags) => {
      if (text && jsonl) throw new UsageFailure('--text and --jsonl exclude each other');
      const { redactFile } = await import('../redact.ts');
      const form = jsonl ? 'jsonl' : text ? 'text' : 'places';
      await redactFile({ file: file === '-' ? file : fromHere(file), form }, streams);
    });
}
