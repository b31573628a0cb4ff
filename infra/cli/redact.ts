import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import * as z from 'zod';
import { createRedactor, type Redaction } from '#redaction/redactor.ts';
import { about, UsageFailure } from './failure.ts';
import { write, type Streams } from './streams.ts';
import { alignedTable, type Column } from './table.ts';

/** What `weir redact` was asked to do. */
export interface RedactRequest {
  /** A path, or `-` for standard input. */
  readonly file: string;
  /** `places`: where what stands; `text`: the masked text; `jsonl`: a text a line, in and out. */
  readonly form: 'places' | 'text' | 'jsonl';
}

/**
 * Shows what would be masked in a text. Never a value: only kinds and places.
 * @throws UsageFailure for a file that cannot be read, or a line that is not `{"text": …}`
 */
export async function redactFile({ file, form }: RedactRequest, streams: Streams): Promise<void> {
  const name = file === '-' ? 'standard input' : file;
  const source = file === '-' ? streams.stdin : await openFile(file);
  if (form === 'jsonl') return redactLines(source, name, streams);
  const text = (await readWhole(source, name)).toString();
  const redaction = createRedactor().redact(text);
  const out = form === 'text' ? redaction.text : placesTable(text, redaction);
  await about('standard output', write(streams.stdout, out));
  if (form === 'places') streams.stderr.write(`${summaryOf(redaction)} in ${name}\n`);
}

const lineSchema = z.object({ text: z.string() });

async function redactLines(source: Readable, name: string, { stdout }: Streams): Promise<void> {
  const redactor = createRedactor();
  const lines = createInterface({ input: source, crlfDelay: Infinity });
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const { text } = parseLine(line, `${name}, line ${number}`);
    const redaction = redactor.redact(text);
    await about(
      'standard output',
      write(stdout, `${JSON.stringify({ text: redaction.text, found: redaction.found })}\n`),
    );
  }
}

/** The parser's own message would quote the line. */
function parseLine(line: string, place: string): { readonly text: string } {
  try {
    return lineSchema.parse(JSON.parse(line));
  } catch {
    throw new UsageFailure(`${place}: it must be an object with a text, such as {"text": "…"}`);
  }
}

async function openFile(file: string): Promise<Readable> {
  try {
    return (await open(file)).createReadStream();
  } catch (error) {
    throw unreadable(file, error as Error);
  }
}

async function readWhole(source: Readable, name: string): Promise<Buffer> {
  try {
    return await buffer(source);
  } catch (error) {
    throw unreadable(name, error as Error);
  }
}

function unreadable(name: string, error: Error): UsageFailure {
  return new UsageFailure(`${name} cannot be read: ${error.message}`);
}

const COLUMNS: readonly Column[] = [
  { title: 'line', holds: 'amount' },
  { title: 'column', holds: 'amount' },
  { title: 'length', holds: 'amount' },
  { title: 'kind', holds: 'text' },
];

/** Lines and columns as editors count them, from 1; lengths in UTF-16 units. */
function placesTable(text: string, { found }: Redaction): string {
  if (found.length === 0) return '';
  let line = 1;
  let lineStart = 0;
  const rows = found.map(({ kind, start, end }) => {
    for (let at = text.indexOf('\n', lineStart); at !== -1 && at < start; at = text.indexOf('\n', lineStart)) {
      line++;
      lineStart = at + 1;
    }
    return [String(line), String(start - lineStart + 1), String(end - start), kind];
  });
  return alignedTable(COLUMNS, rows);
}

function summaryOf({ found }: Redaction): string {
  if (found.length === 0) return 'nothing would be masked';
  const kinds = new Map<string, number>();
  for (const { kind } of found) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return [...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ');
}
