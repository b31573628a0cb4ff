import { readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { EntryHandler } from '#edge/entry-handler.ts';
import type { EntrySpec } from '#edge/specs.ts';
import { specFaults } from './check-spec.ts';
import { provideLambdaGlobals } from './lambda-runtime.ts';

/** One entry file: one Lambda. */
export interface Entry {
  /** The file's path in its room: `summarize`, `openai/chat-completions`; outside `endpoints` with the room before it: `finance/spend`. */
  readonly name: string;
  /** Absolute path of the file. */
  readonly file: string;
  readonly spec: EntrySpec;
  /** The handler, for who serves it in this process: the local gateway and the tests. */
  readonly handler: EntryHandler;
}

/** Rooms of `functions` whose files may be entries. */
const ENTRY_ROOMS = ['endpoints', 'jobs', 'pipelines', 'finance', 'security', 'pages'];

/** The repository's own functions. */
export const FUNCTIONS_FOLDER = resolve(dirname(fileURLToPath(import.meta.url)), '..', 'functions');

/**
 * Finds every entry file and reads its spec. This is the only place that imports entry files; stacks, local server, catalog
 * and tests live on what it gives. A file in an entry room that exports no `spec` is no entry.
 *
 * @throws Error that names the file, for an entry that is half one
 */
export async function readInventory(functionsFolder: string = FUNCTIONS_FOLDER): Promise<Entry[]> {
  provideLambdaGlobals();
  const entries: Entry[] = [];
  for (const room of ENTRY_ROOMS) {
    for (const file of await sourceFiles(join(functionsFolder, room))) {
      const entry = await readEntry(file, nameOf(functionsFolder, room, file));
      if (entry) entries.push(entry);
    }
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A name that AWS takes as part of a resource's name: `openai/chat-completions` → `openai-chat-completions`. */
export function slugOf(name: string): string {
  return name.replaceAll('/', '-');
}

async function readEntry(file: string, name: string): Promise<Entry | undefined> {
  const module = await importEntry(file);
  if (!module.spec && !module.handler) return undefined;
  if (!module.spec || typeof module.handler !== 'function') {
    throw new Error(
      `${file} must export both handler and spec: export const { handler, spec } = defineEndpoint({ … })`,
    );
  }
  const faults = specFaults(module.spec);
  if (faults.length > 0) throw new Error(`${file}: ${faults.join('; ')}`);
  return { name, file, spec: module.spec, handler: module.handler };
}

async function importEntry(file: string): Promise<{ spec?: EntrySpec; handler?: EntryHandler }> {
  try {
    return (await import(pathToFileURL(file).href)) as { spec?: EntrySpec; handler?: EntryHandler };
  } catch (error) {
    throw new Error(`${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

async function sourceFiles(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return found
    .filter((file) => file.isFile() && file.name.endsWith('.ts') && !file.name.endsWith('.d.ts'))
    .map((file) => join(file.parentPath, file.name))
    .sort();
}

function nameOf(functionsFolder: string, room: string, file: string): string {
  const inRoom = relative(join(functionsFolder, room), file).split(sep).join('/').replace(/\.ts$/, '');
  return room === 'endpoints' ? inRoom : `${room}/${inRoom}`;
}
