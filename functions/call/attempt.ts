import { withinDeadline } from '#platform/deadline.ts';
import { DeadlineExceeded } from '#platform/errors.ts';
import type { CallEvent, LiveEvent } from '#protocol/events.ts';
import type { ModelRequest } from '#protocol/request.ts';
import { mayHaveBilled, replyFor, UpstreamFailure } from '#upstream/failure.ts';
import type { Reply } from '#upstream/from-openai.ts';
import type { UpstreamKey } from '#upstream/key-ring.ts';
import { SHORTEST_ATTEMPT_MS } from '#upstream/retry-policy.ts';
import type { Served } from '#upstream/served.ts';
import type { Heard } from '#upstream/stream/stream-reader.ts';
import type { SendOptions, Streamable } from '#upstream/upstream.ts';
import type { Call } from './call.ts';
import type { LiveAnswer } from './live-answer.ts';
import { boundOf, cutTo, priceAnswer, type AttemptPrice } from './price-attempt.ts';
import type { Rooms } from './rooms.ts';
import type { Tab } from './tab.ts';

/** The answer of the attempt that succeeded. */
export interface Answered {
  /** The request's own model, or a fallback. */
  readonly modelAsked: string;
  readonly events: readonly CallEvent[];
  readonly served: Served;
  readonly costPico: bigint;
  /** It came piece by piece, and who listens has heard it. */
  readonly wasStreamed: boolean;
}

/** How an answer goes to who wants it. */
export interface AttemptWays {
  readonly live: LiveAnswer;
  /** It may be stored, so the whole of it is wanted too. */
  readonly keeps: boolean;
  /** After this it is of no use. `Infinity`: as long as the call. */
  readonly leftMs: number;
}

/**
 * One attempt: its bound is held before it is sent, and whatever its end, its line is on the tab.
 * @throws what forbids to send it: the reply for a used-up quota, BudgetExceeded, the deadline's reason
 */
export async function attempt(
  wanted: ModelRequest,
  ways: AttemptWays,
  key: UpstreamKey,
  tab: Tab,
  rooms: Rooms,
): Promise<Answered | UpstreamFailure> {
  const { upstream, platform } = rooms;
  const { call } = tab;
  assertMayBeSent(call, key, rooms);
  const bound = boundOf(wanted, call);
  const boundPico = await tab.cover(bound, wanted.model);
  const request = cutTo(boundPico, bound, wanted, call.id);
  try {
    // A question of this call may be the probe: it answers for those beside it, which would else end the call, and the probe with it.
    while (tab.probe) await withinDeadline(tab.probe, call.deadline.signal);
    // Looked at again: time has passed while the money was being held, and another call may have begun to probe.
    assertMayBeSent(call, key, rooms);
  } catch (error) {
    tab.uncover(boundPico);
    throw error;
  }

  const probed = upstream.breaker.sending(key.version) ? tab.beginProbe() : undefined;
  const startedMs = platform.clock.nowMs();
  const { end, wasStreamed, fault } = await send(request, ways, call, rooms);
  tellBreaker(end, key, rooms);
  probed?.();
  const price = priceOf(end, request, boundPico, call.id);
  tab.close({ ...lineOf(end, request), ...price, latencyMs: platform.clock.nowMs() - startedMs }, boundPico);
  if (fault) throw fault.error;
  if (end instanceof UpstreamFailure) return end;

  if (price.priceRow === undefined) {
    platform.log.error('an answer has no price', { alarm: 'unpriced', callId: call.id, model: end.served.model });
  }
  const heard = wasStreamed ? eventsHeard(end, ways.live) : Promise.resolve(end.events);
  const events = await withinDeadline(heard, call.deadline.signal);
  return { modelAsked: request.model, served: end.served, events, costPico: price.costPico, wasStreamed };
}

/** Sends it, as a stream where somebody listens or where it may be ended early. */
async function send(request: ModelRequest, { live, keeps, leftMs }: AttemptWays, call: Call, { upstream }: Rooms) {
  const { terms } = call;
  const timeoutMs = Math.min(leftMs, terms.attemptTimeoutMs ?? Infinity);
  const options: SendOptions = {
    signal: call.deadline.signal,
    ...(timeoutMs !== Infinity && { timeoutMs }),
    safetyIdentifier: call.principal.id,
  };
  const failed = (failure: unknown) => failure as UpstreamFailure;
  if (!isStreamed(request, live))
    return { end: await upstream.send(request, options).catch(failed), wasStreamed: false };
  live.restart();
  const { idleTimeoutMs } = terms;
  const { hear, faultOf } = guarded(live);
  const end = await upstream.stream(request, { ...options, idleTimeoutMs, keeps, hear }).catch(failed);
  return { end, wasStreamed: true, fault: faultOf() };
}

/** A fault of who listens is ours, and no failure of the upstream's: it ends the stream, and is thrown when that is on the tab. */
function guarded(live: LiveAnswer) {
  let fault: { readonly error: unknown } | undefined;
  const failed = (error: unknown): Heard => {
    fault = { error };
    return 'enough';
  };
  const hear = (event: LiveEvent): Heard | Promise<Heard> => {
    try {
      const heard = live.hear(event);
      return typeof heard === 'string' ? heard : heard.catch(failed);
    } catch (error) {
      return failed(error);
    }
  };
  return { hear, faultOf: () => fault };
}

function isStreamed(request: ModelRequest, live: LiveAnswer): request is Streamable {
  if (request.kind === 'pass') return request.isStream;
  return request.kind === 'respond' && live.isWanted;
}

/** A stream that the listener had enough of ends as it was heard; of any other, the gate gives what it held back. */
async function eventsHeard({ events, isCutShort }: Reply, live: LiveAnswer): Promise<readonly CallEvent[]> {
  if (isCutShort) return live.cutShort();
  await live.end();
  return events;
}

/**
 * By the clock, not by the deadline's timer: a process that was frozen wakes up before its timers do. And an attempt that
 * has no time to be answered would be billed for nothing.
 *
 * @throws the deadline's reason; the reply for a key whose quota is used up
 */
function assertMayBeSent({ deadline }: Call, key: UpstreamKey, { upstream }: Rooms): void {
  deadline.signal.throwIfAborted();
  if (deadline.remainingMs() < SHORTEST_ATTEMPT_MS) throw new DeadlineExceeded({ leastMs: SHORTEST_ATTEMPT_MS });
  const openForMs = upstream.breaker.openForMs(key.version);
  if (openForMs !== undefined) throw replyFor({ class: 'quota', retryAfterMs: openForMs });
}

/** Only an answer of OpenAI's tells whether the key has quota; a broken line tells nothing. */
function tellBreaker(end: Reply | UpstreamFailure, { version }: UpstreamKey, { upstream: { breaker } }: Rooms): void {
  if (!(end instanceof UpstreamFailure)) breaker.reset(version);
  else if (end.failure.class === 'quota') breaker.trip(version);
  else if (end.failure.status !== undefined) breaker.reset(version);
}

/** Known usage: its price. Cut in the middle: an estimate. Not billed: 0. May have been billed, and nobody can tell: the bound. */
function priceOf(end: Reply | UpstreamFailure, request: ModelRequest, boundPico: bigint, callId: string): AttemptPrice {
  if (!(end instanceof UpstreamFailure)) return priceAnswer(request, end, boundPico, callId);
  const { failure, served, seen } = end;
  // A stream that had begun was billed for what it was: as it says, or by what was seen of it.
  if (served?.usage || seen) {
    const cut = { served: served ?? { model: request.model, usage: undefined }, events: [], ...(seen && { seen }) };
    return priceAnswer(request, cut, boundPico, callId);
  }
  // A reply that says it failed, and not what it used, did begin the work.
  const isUnknown = served !== undefined || mayHaveBilled(failure);
  return isUnknown ? { costPico: boundPico, basis: 'unknown' } : { costPico: 0n, basis: 'exact' };
}

/** What the ledger says of an attempt beside its price. */
function lineOf(end: Reply | UpstreamFailure, { model }: ModelRequest) {
  const { served } = end;
  const { status, requestId } =
    end instanceof UpstreamFailure ? end.failure : { status: 200, requestId: end.served.requestId };
  return {
    modelAsked: model,
    outcome: end instanceof UpstreamFailure ? end.failure.class : 'answered',
    ...(served && served.model !== '' && { modelServed: served.model }),
    ...(served?.serviceTier !== undefined && { serviceTier: served.serviceTier }),
    ...(status !== undefined && { status }),
    ...(requestId !== undefined && { upstreamRequestId: requestId }),
  };
}
