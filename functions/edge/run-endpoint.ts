import type * as z from 'zod';
import type { CacheWish } from '#cache/cache-control.ts';
import type { Call, EndpointTerms, Receipt } from '#call/call.ts';
import { moneyPath } from '#call/money-path.ts';
import { createRooms } from '#call/rooms.ts';
import { mintCallId } from '#platform/call-id.ts';
import { startDeadline } from '#platform/deadline.ts';
import type { Principal } from '#platform/principal.ts';
import { specLimitsOf } from './budget-limits.ts';
import type { CallTimes } from './call-deadline.ts';
import { logCall } from './call-log.ts';
import type { EndpointDefinition } from './endpoint-definition.ts';
import { endpointWork } from './endpoint-work.ts';
import type { Binding } from './entry-handler.ts';
import { createIdempotentRun, type Given, type Once } from './idempotent-run.ts';

/** One call, as both adapters give it. */
export interface EndpointRequest {
  /** Validated. */
  readonly input: unknown;
  readonly principal: Principal;
  readonly requestId: string;
  readonly times: CallTimes;
  readonly cacheWish: CacheWish;
  /** Requests that are one call. Absent: each is a call of its own. */
  readonly once?: Once;
  /** Tells the receipt, also of a call that fails; not of one that was made before. */
  readonly settled?: (receipt: Receipt) => void;
}

/** What an adapter makes of a completed call; it may be stored, so JSON must be able to carry it. */
export type ToReply<Reply> = (output: unknown, receipt: Receipt) => Reply;

/** Runs one call of an endpoint to its end. @throws WeirError: the reply to give */
export type RunEndpoint = <Reply>(request: EndpointRequest, toReply: ToReply<Reply>) => Promise<Given<Reply>>;

/** Makes the one `run` of an endpoint, which HTTP and queue share. */
export function createRunEndpoint<Input extends z.ZodType, Output extends z.ZodType>(
  definition: EndpointDefinition<Input, Output>,
  { name, platform }: Binding,
): RunEndpoint {
  const rooms = createRooms(platform);
  const terms = termsOf(name, definition);
  const runOnce = createIdempotentRun(platform);
  return async (request, toReply) => {
    const { input, principal, requestId, times, cacheWish, once, settled } = request;
    const id = mintCallId(platform.clock.nowMs());
    const deadline = startDeadline(platform.clock, times.workUntilMs);
    const { replyByMs, killAtMs } = times;
    const call: Call = { id, terms, principal, requestId, deadline, replyByMs, killAtMs, cacheWish };
    const make = async () => {
      let receipt: Receipt | undefined;
      const events = moneyPath(call, rooms, endpointWork(definition, input as z.output<Input>), (itsReceipt) => {
        receipt = itsReceipt;
        logCall(itsReceipt, platform);
        settled?.(itsReceipt);
      });
      const output = await resultOf(events);
      return toReply(output, receipt as Receipt);
    };
    try {
      return await runOnce(call, once, make);
    } finally {
      deadline.dispose();
    }
  };
}

/** A plain reply is the collected stream: only what the work returns is of interest here. */
async function resultOf<Output>(events: AsyncGenerator<unknown, Output>): Promise<Output> {
  for (;;) {
    const step = await events.next();
    if (step.done) return step.value;
  }
}

function termsOf<Input extends z.ZodType, Output extends z.ZodType>(
  name: string,
  { version = 1, deterministic, budget, limits }: EndpointDefinition<Input, Output>,
): EndpointTerms {
  return {
    name,
    version,
    ...(deterministic && {
      deterministic: { ttlSeconds: deterministic.ttlSeconds, shared: deterministic.shared ?? false },
    }),
    budget: specLimitsOf(budget),
    ...(limits.leastOutputTokens !== undefined && { leastOutputTokens: limits.leastOutputTokens }),
    ...(limits.attemptTimeoutMs !== undefined && { attemptTimeoutMs: limits.attemptTimeoutMs }),
  };
}
