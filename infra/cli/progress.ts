import type { Clock } from '#platform/clock.ts';
import type { Streams } from './streams.ts';

/** How often a terminal's line changes, and how often a log gets another one. */
const REDRAW_MS = 100;
const PLAIN_LINE_MS = 2_000;
/** Of a terminal that does not know, or says 0. */
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = '\r\u001B[K';

/** Tells how far the work is. */
export interface Progress {
  /** The state now; not every one is shown. */
  update(state: string): void;
  /** Makes room for what goes to standard output, which may be the same terminal. */
  clear(): void;
  /** The last word: always shown, and stays. */
  end(state: string): void;
}

/** One line that changes on a terminal; anywhere else a plain line, now and then. */
export function createProgress(stderr: Streams['stderr'], clock: Clock): Progress {
  const isTerminal = stderr.isTTY === true;
  const pauseMs = isTerminal ? REDRAW_MS : PLAIN_LINE_MS;
  let nextAtMs = 0;
  let shown = '';
  const clear = () => {
    if (!isTerminal || shown === '') return;
    stderr.write(CLEAR_LINE);
    shown = '';
    // What was taken away is put back by the next update, whenever that is.
    nextAtMs = 0;
  };
  return {
    clear,
    update(state) {
      if (state === shown || clock.nowMs() < nextAtMs) return;
      nextAtMs = clock.nowMs() + pauseMs;
      shown = state;
      // A line that wraps cannot be taken back.
      stderr.write(isTerminal ? CLEAR_LINE + state.slice(0, (stderr.columns || DEFAULT_COLUMNS) - 1) : `${state}\n`);
    },
    end(state) {
      clear();
      stderr.write(`${state}\n`);
      shown = '';
    },
  };
}
