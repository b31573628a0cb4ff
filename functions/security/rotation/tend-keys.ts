import type { ListedKey } from '#upstream/openai-admin.ts';
import { readStoredKey } from '#upstream/stored-key.ts';
import type { KeyEvent } from './key-book.ts';
import { keyNamePrefix } from './key-name.ts';
import type { RotationRooms } from './rotation-rooms.ts';
import { GRACE_MS, KEY_LIFE_MS } from './steps.ts';

/** What one round did to the keys of a secret. */
export interface Tended {
  readonly revoked: readonly string[];
  readonly retired: readonly string[];
  readonly extended: readonly string[];
}

/** A key that is younger may be on its way into the secret; a step takes a minute at most. */
const SETTLED_AFTER_MS = 3_600_000;
/** What is left of its life when the key in use has its end put off: weeks in which that may fail. */
const EXTEND_BELOW_MS = KEY_LIFE_MS / 2;

/**
 * Looks after all keys that Weir has minted for a secret: puts off the end of the one in use, revokes those whose grace is over and
 * those that a rotation lost. It goes by what OpenAI lists and the secret holds, and so finds what no crash wrote down; the
 * key that is current or pending is never revoked, whatever the book says, nor one of a rotation that the book does not know. May be run
 * again at any time.
 */
export async function tendKeys(rooms: RotationRooms, secretId: string, project: string): Promise<Tended> {
  const done = { revoked: [] as string[], retired: [] as string[], extended: [] as string[] };
  await tendProject(rooms, secretId, project, done);
  const others = livingProjects(await rooms.book.of(secretId), rooms.clock.nowMs());
  others.delete(project);
  for (const other of others) await tendProject(rooms, secretId, other, done);
  return done;
}

/** The projects in which the book knows a key that may work: a secret may have gone over to another one. */
function livingProjects(book: ReadonlyMap<string, readonly KeyEvent[]>, nowMs: number): Set<string> {
  const living = [...book.values()].filter((lines) => {
    const lastMs = Math.max(...lines.map(({ atMs }) => atMs));
    const isKey = lines.some(({ kind }) => kind !== 'begun');
    return isKey && !lines.some(({ kind }) => kind === 'revoked') && nowMs - lastMs < KEY_LIFE_MS;
  });
  return new Set(living.flatMap((lines) => lines.map((line) => line.project)));
}

type Doing = { readonly [Kind in keyof Tended]: string[] };

async function tendProject(rooms: RotationRooms, secretId: string, project: string, done: Doing): Promise<void> {
  const { versions, book } = rooms;
  const admin = await rooms.openAdmin();
  const prefix = keyNamePrefix(secretId);
  const listed = (await admin.keys(project)).filter(({ name }) => name.startsWith(prefix));
  if (listed.length === 0) return;
  // Pending first: one that is promoted in between is then current.
  const pending = await versions.at(secretId, 'AWSPENDING');
  const current = await versions.at(secretId, 'AWSCURRENT');
  const idOf = (secret: { value: string } | undefined) => secret && readStoredKey(secret.value).id;
  const events = await book.of(secretId);
  const rotations = new Set(events.values().flatMap((lines) => lines.map(({ rotation }) => rotation)));
  for (const key of listed) {
    if (key.id === idOf(current)) {
      if (!isNearItsEnd(key, rooms)) continue;
      await admin.extend(project, key.id, KEY_LIFE_MS / 1000);
      done.extended.push(key.id);
      continue;
    }
    if (key.id === idOf(pending)) continue;
    const rotation = key.name.slice(prefix.length);
    // Another account or region may have a secret of the same name in the same project: its book knows the key.
    if (!rotations.has(rotation)) continue;
    const nowMs = rooms.clock.nowMs();
    const line = { keyId: key.id, secretId, project, rotation, atMs: nowMs };
    const fate = fateOf(key, events.get(key.id) ?? [], nowMs);
    if (fate === 'retire') {
      await book.record({ ...line, kind: 'retired', revokeAtMs: nowMs + GRACE_MS });
      done.retired.push(key.id);
    } else if (fate === 'revoke') {
      await admin.revoke(project, key.id);
      await book.record({ ...line, kind: 'revoked' });
      done.revoked.push(key.id);
    }
  }
}

function isNearItsEnd({ expiresAtMs = Infinity }: ListedKey, { clock }: RotationRooms): boolean {
  return expiresAtMs - clock.nowMs() < EXTEND_BELOW_MS;
}

/** What is to become of a key that is neither current nor pending. */
function fateOf(key: ListedKey, events: readonly KeyEvent[], nowMs: number): 'keep' | 'retire' | 'revoke' {
  const has = (kind: KeyEvent['kind']) => events.some((event) => event.kind === kind);
  if (has('abandoned')) return 'revoke';
  const revokeAtMs = Math.max(...events.map((event) => event.revokeAtMs ?? -Infinity));
  if (revokeAtMs > -Infinity) return nowMs >= revokeAtMs ? 'revoke' : 'keep';
  // It was in use, and whoever took its place died before it could say so, or put a key by hand.
  if (has('promoted')) return 'retire';
  return nowMs - key.createdAtMs >= SETTLED_AFTER_MS ? 'revoke' : 'keep';
}
