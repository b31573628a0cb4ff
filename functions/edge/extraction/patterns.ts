import { createContext, Script, type Context } from 'node:vm';
import { SchemaFault } from './schema-fault.ts';
import type { Path } from './schema-node.ts';

const MAX_PATTERN_CHARS = 500;
/** All of a schema's patterns over all of a value; an honest one takes microseconds. */
const MATCHING_MS = 1_000;

/** A schema's `pattern`, which need not match the whole text. @throws SchemaFault */
export function compilePattern(source: string, path: Path): RegExp {
  if (source.length > MAX_PATTERN_CHARS) {
    throw new SchemaFault(
      path,
      `must be at most ${MAX_PATTERN_CHARS} characters long, but ${source.length} were provided`,
    );
  }
  if (assertsWithin(source)) {
    throw new SchemaFault(path, 'must have ^ at its beginning and $ at its end only, and no look-around or \\b');
  }
  for (const flags of ['u', '']) {
    try {
      const regexp = new RegExp(source, flags);
      // V8 compiles at the first use, and may find then that it is too large.
      regexp.test('');
      return regexp;
    } catch {
      // Escapes that the flag forbids are common, and harmless.
    }
  }
  throw new SchemaFault(path, 'is no regular expression');
}

/**
 * Whether something in the middle asserts a place: `(?:^|^)` some thirty times over takes V8 minutes to compile, and while it
 * compiles nothing stops it.
 */
function assertsWithin(source: string): boolean {
  if (/\\[bB]/u.test(source.replaceAll('\\\\', ''))) return true;
  const plain = source.replaceAll(/\\[^]/g, '').replaceAll(/\[\^?[^\]]*\]/g, '');
  return /\(\?(?:[=!]|<[=!])/.test(plain) || /[$^]/.test(plain.replace(/^\^/, '').replace(/\$$/, ''));
}

let context: Context | undefined;
let script: Script | undefined;

/** The limit is one by the clock, and a machine may stand still for a second: then it is tried again. */
const MOST_TRIES = 3;

/** @returns false when the time was over, and this thread had worked for less than half of it @throws SchemaFault for more */
function runsInTime(work: Script, within: Context): boolean {
  const before = process.threadCpuUsage();
  try {
    work.runInContext(within, { timeout: MATCHING_MS });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    const { user, system } = process.threadCpuUsage(before);
    if ((user + system) / 1_000 < MATCHING_MS / 2) return false;
    throw new SchemaFault([], 'has a pattern that takes too long to try');
  }
}

/**
 * Runs what may try a caller's patterns, and stops it: a regular expression can take years over thirty characters.
 * V8 looks for the end of its time also while it backtracks. What was stopped may be run again from its beginning.
 *
 * @throws SchemaFault when they take too long
 */
export function withinMatchingTime<Result>(work: () => Result): Result {
  let result: { readonly value: Result } | undefined;
  // One for all, since making it takes a millisecond; nothing in it outlasts the run.
  context ??= createContext({});
  context['work'] = () => {
    result = { value: work() };
  };
  try {
    script ??= new Script('work()');
    for (let tries = 1; !runsInTime(script, context); tries++) {
      if (tries === MOST_TRIES) throw new SchemaFault([], 'has a pattern that takes too long to try');
    }
  } finally {
    delete context['work'];
  }
  return (result as unknown as { value: Result }).value;
}
