import type { CacheWish } from '#cache/cache-control.ts';
import type { Call, EndpointTerms, Receipt, Work } from '#call/call.ts';
import { moneyPath } from '#call/money-path.ts';
import { createRooms } from '#call/rooms.ts';
import { mintCallId } from '#platform/call-id.ts';
import { startDeadline, type Deadline } from '#platform/deadline.ts';
import { CallerGone } from '#platform/errors.ts';
import type { Platform } from '#platform/platform.ts';
import type { Principal } from '#platform/principal.ts';
import { stricter, type RedactPolicy } from '#platform/redact-policy.ts';
import { placeholdersIn } from '#redaction/call-masks.ts';
import { blockInput } from './block-input.ts';
import type { CallTimes } from './call-deadline.ts';
import { logCall } from './call-log.ts';

import { createIdempotentRun, type Given, type Once } from './idempotent-run.ts';
import type { Ways } from './ways.ts';

/** One call, as the adapters give it. */
export interface EndpointRequest extends Ways {
  /** Validated. */
  readonly input: unknown;
  readonly principal: Principal;
  readonly requestId: string;
  readonly times: CallTimes;
  readonly cacheWish: CacheWish;
  /** How long its answer may be kept, where that is the request's own wish. @default as the endpoint declares */
  readonly cacheSeconds?: number;
  /** Requests that are one call. Absent: each is a call of its own. */
  readonly once?: Once;
  /** Aborts when the caller has left: the upstream is stopped, unless a repeat of the same call may come for its reply. */
  readonly gone?: AbortSignal;
  /** Told the call's id as it begins. */
  readonly begun?: (callId: string) => void;
  /** Tells the receipt, also of a call that fails; not of one that was made before. */
  readonly settled?: (receipt: Receipt) => void;
}

/** What an adapter makes of a completed call; it may be stored, so JSON must be able to carry it. */
export type ToReply<Reply> = (output: unknown, receipt: Receipt) => Reply;

/** Runs one call of an endpoint to its end. @throws WeirError: the reply to give */
export type RunEndpoint = <Reply>(request: EndpointRequest, toReply: ToReply<Reply>) => Promise<Given<Reply>>;

/** What an endpoint does with one input. */
export type WorkOf = (input: unknown, ways: Ways) => Work<unknown>;

/** Makes the one `run` of an endpoint, which HTTP and queue share. */
export function createRunEndpoint(terms: EndpointTerms, workOf: WorkOf, platform: Platform): RunEndpoint {
  const rooms = createRooms(platform);
  const runOnce = createIdempotentRun(platform);
  return async (request, toReply) => {
    const { principal, requestId, times, cacheWish, once, settled } = request;
    const id = mintCallId(platform.clock.nowMs());
    request.begun?.(id);
    const deadline = startDeadline(platform.clock, times.workUntilMs);
    const stay = once ? () => undefined : endWithCaller(deadline, request.gone);
    const { replyByMs, killAtMs } = times;
    const ownTerms = termsFor(request, terms);
    const own = ownTerms.redact === 'reversible' ? placeholdersIn(JSON.stringify(request.input)) : [];
    const call: Call = {
      id,
      terms: ownTerms,
      principal,
      requestId,
      deadline,
      replyByMs,
      killAtMs,
      cacheWish,
      ...(own.length > 0 && { ownPlaceholders: own }),
    };
    const make = async () => {
      if (ownTerms.redact === 'block') blockInput(request.input, rooms.redactor());
      let receipt: Receipt | undefined;
      const output = await moneyPath(call, rooms, workOf(request.input, request), (itsReceipt) => {
        receipt = itsReceipt;
        logCall(itsReceipt, platform);
        settled?.(itsReceipt);
      });
      return toReply(output, receipt as Receipt);
    };
    try {
      return await runOnce(call, once, make);
    } finally {
      stay();
      deadline.dispose();
    }
  };
}

/** Ends the call when its caller leaves. @returns what lets it be */
function endWithCaller(deadline: Deadline, gone: AbortSignal | undefined): () => void {
  const end = () => deadline.cancel(new CallerGone());
  if (gone?.aborted) end();
  gone?.addEventListener('abort', end, { once: true });
  return () => gone?.removeEventListener('abort', end);
}

function termsFor({ cacheSeconds, principal }: EndpointRequest, terms: EndpointTerms): EndpointTerms {
  const redact = policyFor(principal, terms);
  if (cacheSeconds === undefined && redact === terms.redact) return terms;
  const keeping = cacheSeconds !== undefined && { deterministic: { ttlSeconds: cacheSeconds, shared: false } };
  return { ...terms, redact, ...keeping };
}

/** The endpoint's policy, or the caller's where it is stricter. Queues hold no originals: their answers keep what was masked. */
function policyFor({ kind, policy }: Principal, { redact }: EndpointTerms): RedactPolicy {
  const own = stricter(redact, policy?.redact ?? 'off');
  return kind === 'queue' && own === 'reversible' ? 'mask' : own;
}
