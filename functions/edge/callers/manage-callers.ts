import { randomBytes } from 'node:crypto';
import type * as z from 'zod';
import { Conflict, NotFound } from '#platform/errors.ts';
import type { Platform } from '#platform/platform.ts';
import { audited, type Action } from '../audit/audit-trail.ts';
import { hashCallerKey } from '../caller-key.ts';
import { showValue } from '../shown.ts';
import { setCallerBudget } from './caller-budget.ts';
import { forgetRates, planRate } from './caller-rate.ts';
import { createCallerStore, type CallerStore } from './caller-store.ts';
import type { callerChange, newCaller, rotation } from './caller-wish.ts';
import { mintCallerKey } from './key-form.ts';
import { isOver, type CallerKey, type ManagedCaller } from './managed-caller.ts';
import type { RateTier } from './rate-tiers.ts';

/** Of one caller, at a time. */
const MOST_KEYS = 20;

/** Who asks, and in which request: for the audit trail. */
export interface Asking {
  readonly by: string;
  readonly requestId: string;
}

/** A key in clear: for the one reply that shows it. */
export interface MadeKey {
  readonly caller: ManagedCaller;
  readonly keyId: string;
  readonly clear: string;
}

/**
 * Makes a caller with its first key. Where it has a budget or a rate, its record comes first without the key, and the key only when the
 * limits hold: a caller is never let in without them. Half done, it is a caller without a key, to be changed, rotated or revoked.
 *
 * @throws Conflict for an id that is taken, or ever was
 */
export async function createManagedCaller(
  wish: z.output<typeof newCaller>,
  asking: Asking,
  platform: Platform,
): Promise<MadeKey> {
  const store = storeOf(platform);
  const { budget, ...terms } = wish;
  const taken = () => new Conflict(`there is, or was, a caller ${wish.id}; an id is given once`);
  if (await store.read(wish.id)) throw taken();
  const made = makeKey(platform);
  const createdAt = timeNow(platform);
  const record = { ...terms, disabled: false, createdAt, createdBy: asking.by, keys: [made.key] };
  // Zod leaves no member undefined that was not given so, and JSON has none.
  const caller = record as ManagedCaller;
  return auditedOn(
    wish.id,
    'caller.create',
    { ...terms, budget, keyId: made.key.keyId },
    asking,
    platform,
    async () => {
      await store.lead(made.key, wish.id);
      const { requestsPerSecond } = wish;
      const isLimited = budget !== undefined || requestsPerSecond !== undefined;
      if (!(await store.create(isLimited ? { ...caller, keys: [] } : caller, made.key.keyId))) throw taken();
      if (!isLimited) return shown(caller, made);
      if (budget) await setCallerBudget(wish.id, budget, platform);
      const planned = await rateTerms(wish.id, requestsPerSecond, platform);
      const withKey = (its: ManagedCaller) => ({
        ...its,
        ...planned,
        keys: [...without(its.keys, made.key), made.key],
      });
      return shown(await amend(store, wish.id, withKey), made);
    },
  );
}

/**
 * Changes what is said of a caller: its limits first, then its record, which alone makes the authorizer name another rate.
 * @throws NotFound, Conflict for one that is revoked
 */
export async function changeManagedCaller(
  id: string,
  change: z.output<typeof callerChange>,
  asking: Asking,
  platform: Platform,
): Promise<ManagedCaller> {
  const store = storeOf(platform);
  assertLive(await find(store, id));
  const { budget, ...terms } = change;
  // Null takes away.
  const wanted = Object.fromEntries(Object.entries(terms).map(([name, value]) => [name, value ?? undefined]));
  return auditedOn(id, 'caller.change', change, asking, platform, async () => {
    if (budget) await setCallerBudget(id, budget, platform);
    const planned = await rateTerms(id, terms.requestsPerSecond, platform);
    return amend(store, id, (its) => ({ ...assertLive(its), ...wanted, ...planned }));
  });
}

/** Makes a new key. The older ones end after the overlap, if they do not end before. @throws NotFound, Conflict for one that is revoked */
export async function rotateManagedCaller(
  id: string,
  { overlapSeconds, expiresAt }: z.output<typeof rotation>,
  asking: Asking,
  platform: Platform,
): Promise<MadeKey> {
  const store = storeOf(platform);
  assertLive(await find(store, id));
  const made = makeKey(platform, expiresAt);
  const { keyId } = made.key;
  return auditedOn(id, 'caller.rotate', { overlapSeconds, expiresAt, keyId }, asking, platform, async () => {
    await store.lead(made.key, id);
    const nowMs = platform.clock.nowMs();
    const overlapEnd = new Date(nowMs + overlapSeconds * 1000).toISOString();
    const caller = await amend(store, id, (its) => {
      const older = without(assertLive(its).keys, made.key).filter((key) => !isOver(key.expiresAt, nowMs));
      if (older.length >= MOST_KEYS)
        throw new Conflict(`caller ${id} has ${MOST_KEYS} keys that work; revoke some first`);
      return { ...its, keys: [...older.map((key) => endBy(key, overlapEnd, made.key.createdAt)), made.key] };
    });
    return shown(caller, made);
  });
}

/** Takes a caller all its keys, for good. Once more, it only takes up what was left to do at API Gateway. @throws NotFound */
export async function revokeManagedCaller(id: string, asking: Asking, platform: Platform): Promise<ManagedCaller> {
  const store = storeOf(platform);
  const standing = await find(store, id);
  if (standing.revokedAt !== undefined) {
    await forgetRates(id, platform);
    return standing;
  }
  const revokedAt = timeNow(platform);
  return auditedOn(id, 'caller.revoke', {}, asking, platform, async () => {
    const revoked = await amend(store, id, (its) => ({ ...its, revokedAt: its.revokedAt ?? revokedAt, keys: [] }));
    await forgetRates(id, platform);
    return revoked;
  });
}

/** Takes a caller one of its keys. @throws NotFound for a caller, or a key, that is not there */
export async function revokeManagedKey(
  id: string,
  keyId: string,
  asking: Asking,
  platform: Platform,
): Promise<ManagedCaller> {
  const store = storeOf(platform);
  const { keys } = await find(store, id);
  if (!keys.some((key) => key.keyId === keyId)) throw new NotFound(`caller ${id} has no key ${showValue(keyId)}`);
  return auditedOn(id, 'key.revoke', { keyId }, asking, platform, () =>
    amend(store, id, (its) => ({ ...its, keys: its.keys.filter((key) => key.keyId !== keyId) })),
  );
}

/** A caller as it stands. @throws NotFound */
export async function findManagedCaller(id: string, platform: Platform): Promise<ManagedCaller> {
  return find(storeOf(platform), id);
}

const READ_AT_ONCE = 25;

/** Callers by their ids, from the one behind `after`, a few at a time; those too that are revoked. */
export async function* managedCallers(after: string, platform: Platform): AsyncGenerator<ManagedCaller[]> {
  const store = storeOf(platform);
  const ids = await store.ids(after);
  for (let at = 0; at < ids.length; at += READ_AT_ONCE) {
    const found = await Promise.all(ids.slice(at, at + READ_AT_ONCE).map((id) => store.read(id)));
    yield found.flatMap((stored) => stored?.caller ?? []);
  }
}

/** What the record is to say of who counts, where a rate is given or taken away. Without it, Weir counts. */
async function rateTerms(
  id: string,
  requestsPerSecond: RateTier | null | undefined,
  platform: Platform,
): Promise<Pick<ManagedCaller, 'requestsPerSecond' | 'plannedRate'>> {
  if (requestsPerSecond === undefined) return {};
  if (requestsPerSecond === null) return { requestsPerSecond: undefined, plannedRate: undefined };
  return { requestsPerSecond, plannedRate: await planRate(id, requestsPerSecond, platform) };
}

function storeOf({ dynamo, config }: Platform): CallerStore {
  return createCallerStore(dynamo, config.tables.callers);
}

async function find(store: CallerStore, id: string): Promise<ManagedCaller> {
  const stored = await store.read(id);
  if (!stored) throw unknown(id);
  return stored.caller;
}

async function amend(store: CallerStore, id: string, change: Parameters<CallerStore['amend']>[1]) {
  const caller = await store.amend(id, change);
  if (!caller) throw unknown(id);
  return caller;
}

function unknown(id: string): NotFound {
  return new NotFound(`there is no caller ${showValue(id)}`);
}

function assertLive(caller: ManagedCaller): ManagedCaller {
  if (caller.revokedAt === undefined) return caller;
  throw new Conflict(`caller ${caller.id} was revoked on ${caller.revokedAt}, which is for good`);
}

function makeKey(platform: Platform, expiresAt?: string): { readonly key: CallerKey; readonly clear: string } {
  const clear = mintCallerKey();
  const keyId = `key_${randomBytes(6).toString('hex')}`;
  const key = { keyId, hash: hashCallerKey(clear), createdAt: timeNow(platform), ...(expiresAt && { expiresAt }) };
  return { key, clear };
}

function shown(caller: ManagedCaller, { key, clear }: ReturnType<typeof makeKey>): MadeKey {
  return { caller, keyId: key.keyId, clear };
}

/** The keys beside one that a write may have brought whose answer was lost. */
function without(keys: readonly CallerKey[], { keyId }: CallerKey): readonly CallerKey[] {
  return keys.filter((key) => key.keyId !== keyId);
}

/** An older key beside a newer one. What ends before stays so. */
function endBy(key: CallerKey, end: string, rotatedAt: string): CallerKey {
  const endsBefore = key.expiresAt !== undefined && Date.parse(key.expiresAt) <= Date.parse(end);
  return { ...key, expiresAt: endsBefore ? key.expiresAt : end, rotatedAt };
}

function timeNow({ clock }: Platform): string {
  return new Date(clock.nowMs()).toISOString();
}

function auditedOn<Result>(
  id: string,
  action: Action,
  details: Readonly<Record<string, unknown>>,
  asking: Asking,
  platform: Platform,
  work: () => Promise<Result>,
): Promise<Result> {
  return audited({ action, subject: `caller:${id}`, details, ...asking }, platform, work);
}
