import { cacheKey, type CacheOwner } from '#cache/cache-key.ts';
import type { StoredAnswer } from '#cache/stored-answer.ts';
import { NotCached } from '#platform/errors.ts';
import { isComplete, type CallEvent } from '#protocol/events.ts';
import type { EmbedRequest, ModelRequest } from '#protocol/request.ts';
import type { Answered } from './attempt.ts';
import type { Keeping } from './call.ts';
import type { Lead } from './lead.ts';
import { leadOrWait } from './lead-or-wait.ts';
import type { Rooms } from './rooms.ts';
import type { Tab } from './tab.ts';

/**
 * A request as the cache sees it. An embedding of many texts is as many parts, each with an entry of its own, so that a
 * batch with some new texts pays only for those; any other request is one part.
 */
export interface CachedParts {
  /** What must be asked of the upstream; undefined when the cache has it all. */
  readonly missing: ModelRequest | undefined;
  /** The whole answer, from what was cached and what was asked. Fresh complete parts go on the tab to be stored. */
  complete(fresh: Answered | undefined): readonly CallEvent[];
  /** The keys of what is missing, and the lead over it, where it was taken. */
  readonly missingKeys: readonly string[];
  readonly lead?: Lead | undefined;
}

/**
 * Looks a request up, where its answer is one to be kept and the caller does not forbid it. What is
 * missing comes from whoever asked the same before and is not done; else this call leads, until it ends.
 *
 * @throws NotCached; the deadline's reason, when it comes before another's answer
 */
export async function lookUp(
  request: ModelRequest,
  keeping: Keeping | undefined,
  tab: Tab,
  rooms: Rooms,
): Promise<CachedParts> {
  const { terms, cacheWish, principal } = tab.call;
  if (!keeping) {
    if (cacheWish.onlyIfCached) throw new NotCached();
    tab.missed = true;
    return { missing: request, missingKeys: [], complete: (fresh) => fresh?.events ?? [] };
  }
  tab.isKept = true;
  const { shared, ttlSeconds } = keeping;
  const owner: CacheOwner = {
    endpoint: terms.name,
    version: terms.version,
    caller: shared ? '*' : principal.id,
    ...(terms.redactsOutput && { isMasked: true }),
  };
  const parts = partsOf(request);
  const keys = parts.map((part) => cacheKey(owner, part));
  const { known, lead } = await findAnswers([...new Set(keys)], tab, rooms);
  const missingKeys = [...new Set(keys.filter((key) => !known.has(key)))];
  if (missingKeys.length > 0) tab.missed = true;
  tab.hits.push(...known.values());
  const missingParts = missingKeys.map((key) => parts[keys.indexOf(key)] as ModelRequest);
  return {
    missingKeys,
    lead,
    missing: missingParts.length > 0 ? joined(request, missingParts) : undefined,
    complete(fresh) {
      const storedAtMs = rooms.platform.clock.nowMs();
      const times = { storedAtMs, expiresAtMs: storedAtMs + ttlSeconds * 1000 };
      const freshParts = fresh ? splitAnswer(request, fresh, missingKeys, times) : new Map<string, StoredAnswer>();
      const isShareable = fresh !== undefined && isWorthStoring(fresh, request);
      if (fresh && lead) lead.answer = isShareable ? 'shareable' : 'unshareable';
      if (cacheWish.store && isShareable) for (const [key, answer] of freshParts) tab.toStore.set(key, answer);
      const answers = keys.map((key) => (known.get(key) ?? freshParts.get(key)) as StoredAnswer);
      return request.kind === 'embed' ? joinedVectors(answers) : answers[0]!.events;
    },
  };
}

/** Answers that the cache has, or that come into it while others make them; and the lead over the rest, where it is taken. */
async function findAnswers(keys: readonly string[], tab: Tab, rooms: Rooms) {
  const { read, store, maxAgeSeconds, onlyIfCached } = tab.call.cacheWish;
  const oldestMs = rooms.platform.clock.nowMs() - maxAgeSeconds * 1000;
  const isWanted = (answer: StoredAnswer) => answer.storedAtMs >= oldestMs;
  const seen = read ? await rooms.cache.read(keys) : undefined;
  const known = new Map([...(seen?.answers ?? [])].filter(([, answer]) => isWanted(answer)));
  const missing = keys.filter((key) => !known.has(key));
  if (missing.length === 0) return { known };

  const miss = (error: Error) => {
    tab.missed = true;
    throw error;
  };
  if (onlyIfCached) miss(new NotCached());
  // What is only too old for this caller is fresh for the others: it goes on alone, and they have what is there.
  if (!seen || !store || known.size < seen.answers.size) return { known };
  const { answers, lead } = await leadOrWait({ keys: missing, seen, isWanted }, tab, rooms).catch(miss);
  return { known: new Map([...known, ...answers]), lead };
}

/** Only whole answers, and only of the model that was asked: a fallback's answer is not what the key stands for. */
function isWorthStoring(fresh: Answered, request: ModelRequest): boolean {
  if (!isComplete(fresh.events) || fresh.modelAsked !== request.model) return false;
  // A stream that was too long to be kept has no body.
  return request.kind !== 'pass' || fresh.events.some((event) => event.type === 'body');
}

function partsOf(request: ModelRequest): readonly ModelRequest[] {
  return request.kind === 'embed'
    ? request.texts.map((text): EmbedRequest => ({ ...request, texts: [text] }))
    : [request];
}

function joined(request: ModelRequest, parts: readonly ModelRequest[]): ModelRequest {
  if (request.kind !== 'embed') return request;
  return { ...request, texts: parts.flatMap((part) => (part.kind === 'embed' ? part.texts : [])) };
}

/** A fresh answer as the parts that are stored; what it cost is shared out evenly. */
function splitAnswer(
  request: ModelRequest,
  fresh: Answered,
  keys: readonly string[],
  times: Pick<StoredAnswer, 'storedAtMs' | 'expiresAtMs'>,
): Map<string, StoredAnswer> {
  const base = { modelServed: fresh.served.model, ...times };
  if (request.kind !== 'embed')
    return new Map([[keys[0] as string, { ...base, events: fresh.events, costPico: fresh.costPico }]]);
  const vectors = fresh.events.flatMap((event) => (event.type === 'vectors' ? event.vectors : []));
  const costPico = fresh.costPico / BigInt(keys.length);
  return new Map(
    keys.map((key, index) => {
      const events: CallEvent[] = [
        { type: 'vectors', vectors: [vectors[index] as readonly number[]] },
        { type: 'finish', reason: 'stop' },
      ];
      return [key, { ...base, events, costPico }];
    }),
  );
}

function joinedVectors(answers: readonly StoredAnswer[]): CallEvent[] {
  const vectors = answers.flatMap(({ events }) =>
    events.flatMap((event) => (event.type === 'vectors' ? event.vectors : [])),
  );
  return [
    { type: 'vectors', vectors },
    { type: 'finish', reason: 'stop' },
  ];
}
