import * as fs from 'node:fs';
import { dirname } from 'node:path';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;
/** Below this size a journal is not worth rewriting, however much of it is history. */
const COMPACT_ABOVE_BYTES = 4 * 1024 * 1024;

/** One key and its new value; `undefined` removes the key. */
export type Change<T> = readonly [key: string, value: T | undefined];

/** A small map that survives a restart, a kill -9 and a cut write. */
export interface StateFile<T> {
  get(key: string): T | undefined;
  /** In the order in which the keys were first written. */
  entries(): IterableIterator<[string, T]>;
  /** Writes all changes, or none: they are one line of the journal. On disk (in the system's cache) when it returns. */
  write(...changes: Change<T>[]): void;
  close(): void;
}

/**
 * Opens a map kept as a journal of JSON lines, or in memory alone without a `path`. A line without its newline was cut
 * while it was written, so nobody was told that it had succeeded: it is dropped on opening. The file is readable by
 * its owner alone.
 *
 * One process at a time: a second writer is noticed at the next write, and refused, rather than merged.
 * @throws where a line in the middle does not parse, naming it: that is damage, not a cut write
 */
export function openStateFile<T>(path: string | undefined): StateFile<T> {
  const values = new Map<string, T>();
  if (path === undefined) {
    return { ...readers(values), write: (...changes) => apply(values, changes), close: () => undefined };
  }

  fs.mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER });
  replay(path, values);
  let journal = compacted(path, values);
  let compactAtBytes = Math.max(COMPACT_ABOVE_BYTES, 2 * journal.sizeBytes);

  return {
    ...readers(values),
    write(...changes) {
      if (changes.length === 0) return;
      assertAlone(path, journal);
      append(journal, changes);
      apply(values, changes);
      if (journal.sizeBytes < compactAtBytes) return;
      fs.closeSync(journal.file);
      journal = compacted(path, values);
      compactAtBytes = Math.max(COMPACT_ABOVE_BYTES, 2 * journal.sizeBytes);
    },
    close: () => fs.closeSync(journal.file),
  };
}

interface Journal {
  readonly file: number;
  sizeBytes: number;
}

function readers<T>(values: Map<string, T>): Pick<StateFile<T>, 'get' | 'entries'> {
  return { get: (key) => values.get(key), entries: () => values.entries() };
}

function apply<T>(values: Map<string, T>, changes: readonly Change<T>[]): void {
  for (const [key, value] of changes) {
    if (value === undefined) values.delete(key);
    else values.set(key, value);
  }
}

/** Rewrites the journal as one line per key, and puts it in the old one's place in one step. */
function compacted<T>(path: string, values: Map<string, T>): Journal {
  const next = `${path}.next`;
  const journal: Journal = { file: fs.openSync(next, 'w', OWNER_ONLY_FILE), sizeBytes: 0 };
  for (const entry of values) append(journal, [entry]);
  fs.fsyncSync(journal.file);
  fs.renameSync(next, path);
  return journal;
}

/** A failed write (a full disk) leaves the journal as it was. */
function append<T>(journal: Journal, changes: readonly Change<T>[]): void {
  const line = Buffer.from(`${JSON.stringify(changes)}\n`);
  try {
    const writtenBytes = fs.writeSync(journal.file, line, 0, line.length, journal.sizeBytes);
    if (writtenBytes < line.length) throw new Error(`only ${writtenBytes} of ${line.length} bytes could be written`);
  } catch (error) {
    fs.ftruncateSync(journal.file, journal.sizeBytes);
    throw error;
  }
  journal.sizeBytes += line.length;
}

function assertAlone(path: string, journal: Journal): void {
  const onDisk = fs.statSync(path, { throwIfNoEntry: false });
  if (onDisk?.ino === fs.fstatSync(journal.file).ino && onDisk.size === journal.sizeBytes) return;
  throw new Error(`${path} was changed by another process: is Weir running twice on this data folder?`);
}

function replay<T>(path: string, values: Map<string, T>): void {
  if (!fs.existsSync(path)) return;
  const lines = fs.readFileSync(path, 'utf8').split('\n');
  lines.pop(); // what follows the last newline: nothing, or a cut write
  for (const [index, line] of lines.entries()) {
    try {
      // JSON has no `undefined`: a removed key was written as null.
      const changes = JSON.parse(line) as [string, T | null][];
      apply(
        values,
        changes.map(([key, value]) => [key, value ?? undefined]),
      );
    } catch (error) {
      throw new Error(`${path} is damaged at line ${index + 1}: move it away to start afresh`, { cause: error });
    }
  }
}
