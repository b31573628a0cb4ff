import type { Attempt } from '#ledger/entry.ts';
import { sleep } from '#platform/clock.ts';
import { DeadlineExceeded } from '#platform/errors.ts';
import type { CallEvent } from '#protocol/events.ts';
import type { ModelRequest } from '#protocol/request.ts';
import { mayHaveBilled, replyFor, UpstreamFailure, type Failure } from '#upstream/failure.ts';
import type { UpstreamKey } from '#upstream/key-ring.ts';
import { decideRetry } from '#upstream/retry-policy.ts';
import type { Served } from '#upstream/served.ts';
import { boundOf, priceAnswer, type AttemptPrice } from './price-attempt.ts';
import type { Rooms } from './rooms.ts';
import type { Tab } from './tab.ts';

/** The answer of the attempt that succeeded. */
export interface Answered {
  /** The request's own model, or a fallback. */
  readonly modelAsked: string;
  readonly events: readonly CallEvent[];
  readonly served: Served;
  readonly costPico: bigint;
}

/**
 * Asks the upstream until it answers, the retry policy says stop, or the deadline comes. Each attempt is covered by the
 * hold before it is sent, and becomes a line of the ledger entry.
 *
 * @throws the reply that belongs to the last failure; BudgetExceeded; the deadline's reason
 */
export async function attempts(
  request: ModelRequest,
  fallbackModels: readonly string[],
  tab: Tab,
  rooms: Rooms,
): Promise<Answered> {
  const { upstream, platform } = rooms;
  const { deadline } = tab.call;
  const models = [request.model, ...fallbackModels];
  for (let attemptsOnModel = 1; ; attemptsOnModel++) {
    const key = await withinDeadline(upstream.keys.current(), deadline.signal);
    const result = await attempt({ ...request, model: models[0] as string }, key, tab, rooms);
    if ('events' in result) {
      upstream.retryBudget.earn();
      return result;
    }
    deadline.signal.throwIfAborted();
    const decision = decideRetry({
      failure: result,
      attemptsOnModel,
      retriesLeft: tab.retriesLeft,
      keyIsWorthARetry:
        result.class === 'credential' && (await withinDeadline(upstream.keys.refused(key.version), deadline.signal)),
      budgetAllows: upstream.retryBudget.hasToken(),
      hasFallback: models.length > 1,
      remainingMs: deadline.remainingMs(),
      random: platform.random(),
    });
    if (decision.action === 'stop') throw stopped(result, rooms);
    tab.retriesLeft--;
    if (decision.spendsBudget) upstream.retryBudget.spend();
    if (decision.action === 'fallback') {
      models.shift();
      attemptsOnModel = 0;
    }
    await sleep(platform.clock, decision.delayMs, deadline.signal);
  }
}

/** One attempt: covered, sent, priced, and its line written, whatever its end. */
async function attempt(request: ModelRequest, key: UpstreamKey, tab: Tab, rooms: Rooms): Promise<Answered | Failure> {
  const { upstream, platform } = rooms;
  const { call } = tab;
  assertClosed(key, rooms);
  const boundPico = boundOf(request, call.id);
  await tab.cover(boundPico, request.model);
  const startedMs = platform.clock.nowMs();
  const line = (price: AttemptPrice, rest: Pick<Attempt, 'outcome' | 'status'>, served?: Served, requestId?: string) =>
    tab.close(
      {
        modelAsked: request.model,
        ...(served && { modelServed: served.model }),
        ...(served?.serviceTier !== undefined && { serviceTier: served.serviceTier }),
        ...price,
        ...rest,
        ...(requestId !== undefined && { upstreamRequestId: requestId }),
        latencyMs: platform.clock.nowMs() - startedMs,
      },
      boundPico,
    );

  try {
    call.deadline.signal.throwIfAborted();
    // Looked at again, for another call may have begun to probe while this one's money was being held.
    assertClosed(key, rooms);
    upstream.breaker.sending(key.version);
    const { events, served } = await upstream.send(request, {
      signal: call.deadline.signal,
      ...(call.terms.attemptTimeoutMs !== undefined && { timeoutMs: call.terms.attemptTimeoutMs }),
      safetyIdentifier: call.principal.id,
    });
    upstream.breaker.reset(key.version);
    const price = priceAnswer(request, served, events, boundPico, call.id);
    if (price.basis === 'unknown')
      platform.log.error('an answer has no price', { callId: call.id, model: served.model });
    line(price, { outcome: 'answered', status: 200 }, served, served.requestId);
    return { modelAsked: request.model, events, served, costPico: price.costPico };
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) {
      line({ costPico: 0n, basis: 'exact' }, { outcome: 'not-sent' });
      throw error;
    }
    const { failure, served } = error;
    if (failure.class === 'quota') upstream.breaker.trip(key.version);
    else if (failure.status !== undefined) upstream.breaker.reset(key.version);
    const status = failure.status === undefined ? {} : { status: failure.status };
    line(
      priceFailure(request, error, boundPico, call.id),
      { outcome: failure.class, ...status },
      served,
      failure.requestId,
    );
    return failure;
  }
}

/** @throws the reply for a key whose quota is used up: nothing is sent */
function assertClosed(key: UpstreamKey, { upstream }: Rooms): void {
  const openForMs = upstream.breaker.openForMs(key.version);
  if (openForMs !== undefined) throw replyFor({ class: 'quota', retryAfterMs: openForMs });
}

/** Not billed: 0. Known usage: its price. May have been billed, and nobody can tell: the bound. */
function priceFailure(
  request: ModelRequest,
  { failure, served }: UpstreamFailure,
  boundPico: bigint,
  callId: string,
): AttemptPrice {
  if (served?.usage) return priceAnswer(request, served, [], boundPico, callId);
  // A reply that says it failed, and not what it used, did begin the work.
  const isUnknown = served !== undefined || mayHaveBilled(failure);
  return isUnknown ? { costPico: boundPico, basis: 'unknown' } : { costPico: 0n, basis: 'exact' };
}

function stopped(failure: Failure, { platform }: Rooms): Error {
  if (failure.class === 'credential' || failure.class === 'configuration' || failure.class === 'quota') {
    platform.log.error('the upstream refuses this deployment', {
      alarm: `upstream-${failure.class}`,
      code: failure.code,
    });
  }
  return replyFor(failure);
}

/** @throws the deadline's reason when it comes first; the work itself goes on and its result is dropped */
function withinDeadline<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason instanceof Error ? signal.reason : new DeadlineExceeded({ limitMs: 0 }));
    // Heard in any case: a rejection that nobody hears would end the process.
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
  });
}
