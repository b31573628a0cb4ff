import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { reasonOf, UsageFailure } from '../failure.ts';
import type { FoundWeir } from '../find-weir.ts';
import { keyIn, readKey, type WantedKey } from '../read-key.ts';
import type { Streams } from '../streams.ts';

/** The key that manages budgets, and where it came from: for the one whose key is refused. */
export interface AdminKey {
  readonly value: string;
  readonly from: string;
}

/** Where `npm start` keeps the keys that it made, beside its outputs. */
const LOCAL_KEYS_FILE = 'keys.json';
const keptKeys = z.object({ administrator: z.string() });

// A local start takes any key, so the shortest is one character.
const ADMIN_KEY: WantedKey = {
  name: "administrator's key",
  advice: 'set WEIR_ADMIN_KEY, or pipe the key in',
  minChars: 1,
};

/**
 * The administrator's key of a local start: the one that is given, else that which the start keeps, else one that is asked for. Of a
 * deployment nobody holds one.
 *
 * @throws UsageFailure when there is none, or it cannot be one
 */
export async function findAdminKey(
  { file }: Pick<FoundWeir, 'file'>,
  given: string | undefined,
  streams: Streams,
): Promise<AdminKey> {
  if (given) {
    const name = `${ADMIN_KEY.name} in WEIR_ADMIN_KEY`;
    return { value: keyIn(given, { ...ADMIN_KEY, name }), from: 'WEIR_ADMIN_KEY' };
  }
  const from = join(dirname(file), LOCAL_KEYS_FILE);
  const value = await readKept(from);
  if (value !== undefined) return { value: keyIn(value, ADMIN_KEY), from };
  return { value: await readKey(ADMIN_KEY, streams), from: streams.stdin.isTTY ? 'the terminal' : 'standard input' };
}

async function readKept(file: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageFailure(`${file} cannot be read: ${reasonOf(error)}`);
  }
  try {
    return keptKeys.parse(JSON.parse(text)).administrator;
  } catch {
    // The parser's own message quotes the file.
    throw new UsageFailure(`${file} holds no keys of a local start`);
  }
}
