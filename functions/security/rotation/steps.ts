import type { OpenAiAdmin } from '#upstream/openai-admin.ts';
import { readStoredKey, writeStoredKey } from '#upstream/stored-key.ts';
import { keyName } from './key-name.ts';
import type { KeyEventKind } from './key-book.ts';
import type { RotationRooms } from './rotation-rooms.ts';

/** One rotation of one secret. */
export interface Rotation {
  readonly secretId: string;
  /** `ClientRequestToken`: names the rotation, and the version that it makes. */
  readonly token: string;
  /** The OpenAI project that the key is for. */
  readonly project: string;
}

/** What a step did, in a few words. */
export type StepOutcome = string;

/**
 * How long a key lives that nobody looks after. The key in use has its end put off long before; what a rotation lost on its
 * way ends by itself.
 */
export const KEY_LIFE_MS = 90 * 86_400_000;
/**
 * How long a key lives on that has a successor: longer than a key ring serves a key that it cannot read again, and than any
 * stream.
 */
export const GRACE_MS = 24 * 3_600_000;

/**
 * Mints a key and stores it as AWSPENDING. Any number of runs may do so at once: Secrets Manager takes one value for a version, so the
 * put decides whose key it is, and nobody revokes a key that may yet be put.
 *
 *     A: mint a ─────────────── put a ✓ ── revoke the others of this rotation: b
 *     B:         mint b ── … ─────────────── put b ✗ ── revoke b
 *
 * What a run has lost that died before its put (OpenAI tells a value once) is among "the others" of the one after it.
 */
export async function createSecret(rooms: RotationRooms, rotation: Rotation): Promise<StepOutcome> {
  const { secretId, token, project } = rotation;
  const { versions } = rooms;
  if ((await placeOf(rooms, rotation)) === 'current') return 'the rotation is complete';
  const stored = await versions.at(secretId, 'AWSPENDING');
  const admin = await rooms.openAdmin();
  if (stored?.versionId === token) {
    await dropOthers(rooms, rotation, admin, readStoredKey(stored.value).id);
    return 'the key has been stored before';
  }
  // By this a key is known as this deployment's own, and found again if a crash loses it.
  await note(rooms, rotation, 'begun', token);
  const key = await admin.mint(project, keyName(secretId, token), KEY_LIFE_MS / 1000);
  await note(rooms, rotation, 'minted', key.id);
  if ((await versions.put(secretId, token, writeStoredKey(key), 'AWSPENDING')) === 'has another value') {
    await drop(rooms, rotation, admin, key.id);
    return 'another run has stored a key';
  }
  await dropOthers(rooms, rotation, admin, key.id);
  return 'a key has been minted and stored';
}

/** Revokes what this rotation has minted beside the key that is stored: no other can be stored any more. */
async function dropOthers(
  rooms: RotationRooms,
  rotation: Rotation,
  admin: OpenAiAdmin,
  storedId: string | undefined,
): Promise<void> {
  const name = keyName(rotation.secretId, rotation.token);
  for (const key of await admin.keys(rotation.project)) {
    if (key.name === name && key.id !== storedId) await drop(rooms, rotation, admin, key.id);
  }
}

async function drop(rooms: RotationRooms, rotation: Rotation, admin: OpenAiAdmin, keyId: string): Promise<void> {
  await note(rooms, rotation, 'abandoned', keyId);
  await admin.revoke(rotation.project, keyId);
  await note(rooms, rotation, 'revoked', keyId);
}

/** Nothing to do: a minted key is in force as it is. */
export async function setSecret(): Promise<StepOutcome> {
  return Promise.resolve('a minted key needs no setting');
}

/**
 * Tries the pending key. One that does not work is revoked, and its label taken away, so that a new rotation can begin;
 * AWSCURRENT stays as it is.
 * @throws Error when it does not work
 */
export async function testSecret(rooms: RotationRooms, rotation: Rotation): Promise<StepOutcome> {
  const { secretId, token, project } = rotation;
  const { versions, log } = rooms;
  if ((await placeOf(rooms, rotation)) === 'current') return 'the rotation is complete';
  const pending = await versions.at(secretId, 'AWSPENDING');
  // So Secrets Manager tries a function that is bound to a secret anew. `finishSecret` promotes nothing without a value.
  if (!pending) return 'there is no key to test';
  const { id, value } = readStoredKey(pending.value);
  const trial = await rooms.tryKey(value);
  if (trial.works) return 'the key works';
  // First of all nobody promotes it any more. A trial takes its time: another one may have ended well, and the key be in use.
  await versions.moveStage(secretId, 'AWSPENDING', { from: token });
  const labels = (await versions.stages(secretId)).get(token);
  if (labels?.includes('AWSCURRENT')) return 'the rotation is complete';
  if (id !== undefined) {
    await note(rooms, rotation, 'abandoned', id);
    try {
      await (await rooms.openAdmin()).revoke(project, id);
      await note(rooms, rotation, 'revoked', id);
    } catch (error) {
      log.error('a key that does not work could not be revoked yet', { secretId, keyId: id, error });
    }
  }
  throw new Error(`the new key does not work (${trial.reason}); the one in use stays`);
}

/**
 * Promotes the pending key, and retires the one before it. What is to come is written down first, so that no crash leaves a
 * key of which nobody knows what to do:
 *
 *     promoted (new) │ AWSCURRENT moves │ retired (old)     a repeat after the move finds the old one at AWSPREVIOUS
 */
export async function finishSecret(rooms: RotationRooms, rotation: Rotation): Promise<StepOutcome> {
  const { secretId, token } = rotation;
  const { versions } = rooms;
  if ((await placeOf(rooms, rotation)) === 'current') {
    const previous = await versions.at(secretId, 'AWSPREVIOUS');
    return retire(rooms, rotation, previous?.value);
  }
  const pending = await versions.at(secretId, 'AWSPENDING');
  const { id } = readStoredKey(pending?.value ?? '');
  if (id === undefined) throw new Error('there is no pending key to promote');
  const current = await versions.at(secretId, 'AWSCURRENT');
  await note(rooms, rotation, 'promoted', id);
  await versions.moveStage(secretId, 'AWSCURRENT', { from: current?.versionId, to: token });
  return retire(rooms, rotation, current?.value);
}

async function retire(rooms: RotationRooms, rotation: Rotation, secret: string | undefined): Promise<StepOutcome> {
  if (secret === undefined) return 'promoted; there was no key before';
  const { id } = readStoredKey(secret);
  if (id === undefined) {
    rooms.log.warn('the key before was put by hand: OpenAI’s dashboard has to revoke it', {
      secretId: rotation.secretId,
    });
    return 'promoted; the key before was put by hand, so revoke it in OpenAI’s dashboard';
  }
  const atMs = rooms.clock.nowMs();
  await note(rooms, rotation, 'retired', id, atMs + GRACE_MS);
  return `promoted; the key before, ${id}, is revoked ${GRACE_MS / 3_600_000} hours from now`;
}

function note(
  { book, clock }: RotationRooms,
  { secretId, token, project }: Rotation,
  kind: KeyEventKind,
  keyId: string,
  revokeAtMs?: number,
): Promise<void> {
  const terms = revokeAtMs === undefined ? {} : { revokeAtMs };
  return book.record({ kind, keyId, secretId, project, rotation: token, atMs: clock.nowMs(), ...terms });
}

/** @throws Error when the rotation is not, or no longer, under way */
async function placeOf({ versions }: RotationRooms, { secretId, token }: Rotation): Promise<'pending' | 'current'> {
  const labels = (await versions.stages(secretId)).get(token) ?? [];
  if (labels.includes('AWSCURRENT')) return 'current';
  if (labels.includes('AWSPENDING')) return 'pending';
  throw new Error(`the version ${token} is not under rotation`);
}
