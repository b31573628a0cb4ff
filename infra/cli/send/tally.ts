import { formatUsd, parseUsd } from '#platform/money.ts';
import type { QueueResult } from '#edge/queue-message.ts';
import type { OutgoingLine } from './parse-lines.ts';

const MAX_OPEN_SHOWN = 10;

/** What has become of the lines of one run. */
export interface Tally {
  readonly isDone: boolean;
  readonly failed: number;
  /** True for the id of one of the lines, also after its result has come. */
  readonly isOwn: (id: string) => boolean;
  sent(lines: readonly OutgoingLine[]): void;
  /** Books a result; the line that it belongs to, or undefined for a result that came before: queues deliver at least once. */
  take(result: QueueResult): OutgoingLine | undefined;
  /** How far the run is, in one line. */
  describe(): string;
  /** The lines without a result, in one line. */
  describeOpen(): string;
}

/** Money is added in pico-dollars. What a failed call has cost is not on the queue, but in the ledger. */
export function createTally(endpoint: string, lines: readonly OutgoingLine[]): Tally {
  const own = new Map(lines.map((line) => [line.id, line]));
  const open = new Map(own);
  let sent = 0;
  let failed = 0;
  let costPico = 0n;
  return {
    get isDone() {
      return open.size === 0;
    },
    get failed() {
      return failed;
    },
    isOwn: (id) => own.has(id),
    sent(more) {
      sent += more.length;
    },
    take(result) {
      const line = open.get(result.id);
      if (!line) return undefined;
      open.delete(result.id);
      if (result.ok) costPico += parseUsd(result.costUsd);
      else failed++;
      return line;
    },
    describe() {
      const done = own.size - open.size;
      return `${endpoint}: sent ${sent}/${own.size}, done ${done}, failed ${failed}, cost $${formatUsd(costPico)}`;
    },
    describeOpen() {
      const shown = [...open.values()].slice(0, MAX_OPEN_SHOWN).map(({ line, id }) => `line ${line} (${id})`);
      const rest = open.size - shown.length;
      return `still open: ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
    },
  };
}
