import { MAX_MESSAGE_BYTES, toMessageBody } from '#platform/aws/sqs.ts';
import { MalformedBody, WeirError } from '#platform/errors.ts';
import { parseJsonBytes } from '#edge/safe-json.ts';
import { UsageFailure } from '../failure.ts';

/** One line of the file, as the message that goes on the queue. */
export interface OutgoingLine {
  /** Counted from 1. */
  readonly line: number;
  readonly id: string;
  readonly body: string;
  readonly bodyBytes: number;
}

const MAX_ID_CHARS = 200;
const MAX_FAULTS_SHOWN = 5;
const NEWLINE = 0x0a;

/**
 * Reads a JSONL file whole, so that nothing is sent of a file that has a fault. A line is the endpoint's input, or
 * `{"id": …, "input": …}`; where it names no id, its line number and the run's id make one. Blank lines are skipped.
 *
 * @throws UsageFailure that names the lines at fault, without quoting them
 */
export function parseLines(name: string, bytes: Buffer, runId: string): OutgoingLine[] {
  const lines: OutgoingLine[] = [];
  const faults: string[] = [];
  const lineOfId = new Map<string, number>();
  for (const { line, content } of splitLines(bytes)) {
    try {
      const outgoing = toOutgoing(line, parseJsonBytes(content), runId);
      const earlier = lineOfId.get(outgoing.id);
      if (earlier !== undefined) throw new Fault(`has the id of line ${earlier}`);
      lineOfId.set(outgoing.id, line);
      lines.push(outgoing);
    } catch (error) {
      faults.push(`line ${line} ${faultOf(error)}`);
    }
  }
  if (faults.length > 0) throw new UsageFailure(`${name}: ${listOf(faults)}; nothing was sent`);
  if (lines.length === 0) throw new UsageFailure(`${name} has no line to send`);
  return lines;
}

/** What is wrong with a line, as the end of a sentence about it. */
class Fault extends Error {}

function faultOf(error: unknown): string {
  if (error instanceof Fault) return error.message;
  if (error instanceof MalformedBody) return error.message.replace(/^the body /, '');
  if (error instanceof WeirError) return `is refused: ${error.message}`;
  throw error;
}

function listOf(faults: readonly string[]): string {
  const shown = faults.slice(0, MAX_FAULTS_SHOWN).join('; ');
  const rest = faults.length - MAX_FAULTS_SHOWN;
  return rest > 0 ? `${shown}; and ${rest} more` : shown;
}

function* splitLines(bytes: Buffer): Generator<{ line: number; content: Buffer }> {
  const hasByteOrderMark = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]));
  let from = hasByteOrderMark ? 3 : 0;
  for (let line = 1; from < bytes.length; line++) {
    const found = bytes.indexOf(NEWLINE, from);
    const to = found === -1 ? bytes.length : found;
    const content = bytes.subarray(from, to);
    if (content.some((byte) => byte > 0x20)) yield { line, content };
    from = to + 1;
  }
}

function toOutgoing(line: number, value: unknown, runId: string): OutgoingLine {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Fault(`must be a JSON object, but is ${kindOf(value)}`);
  }
  const { id, input } = isAddressed(value) ? value : { id: undefined, input: value };
  if (id !== undefined && (typeof id !== 'string' || id.length === 0 || id.length > MAX_ID_CHARS)) {
    const received = typeof id === 'string' ? `one of ${id.length}` : kindOf(id);
    throw new Fault(`must have an id of 1 to ${MAX_ID_CHARS} characters, but has ${received}`);
  }
  const ownId = id ?? `${runId}-${line}`;
  const body = toMessageBody({ id: ownId, input });
  const bodyBytes = Buffer.byteLength(body);
  if (bodyBytes > MAX_MESSAGE_BYTES) {
    throw new Fault(`makes a message of ${bodyBytes} bytes, but a queue takes at most ${MAX_MESSAGE_BYTES}`);
  }
  return { line, id: ownId, body, bodyBytes };
}

/** `{"id", "input"}` and nothing beside them: an endpoint's own input may well have a field `input`. */
function isAddressed(value: object): value is { id: unknown; input: unknown } {
  return 'id' in value && 'input' in value && Object.keys(value).length === 2;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
