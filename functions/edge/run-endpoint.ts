import type * as z from 'zod';
import type { CacheWish } from '#cache/cache-control.ts';
import type { Call, EndpointTerms, Receipt } from '#call/call.ts';
import { moneyPath } from '#call/money-path.ts';
import { createRooms } from '#call/rooms.ts';
import { mintCallId } from '#platform/call-id.ts';
import { startDeadline } from '#platform/deadline.ts';
import { parseUsd } from '#platform/money.ts';
import type { Principal } from '#platform/principal.ts';
import type { CallTimes } from './call-deadline.ts';
import { logCall } from './call-log.ts';
import type { EndpointDefinition } from './endpoint-definition.ts';
import { endpointWork } from './endpoint-work.ts';
import type { Binding } from './entry-handler.ts';

/** One call, as both adapters give it. */
export interface EndpointRequest {
  /** Validated. */
  readonly input: unknown;
  readonly principal: Principal;
  readonly requestId: string;
  readonly times: CallTimes;
  readonly cacheWish: CacheWish;
  /** Tells the receipt, also of a call that fails. */
  readonly settled?: (receipt: Receipt) => void;
}

/** Runs one call of an endpoint to its end. @throws WeirError: the reply to give */
export type RunEndpoint = (request: EndpointRequest) => Promise<unknown>;

/** Makes the one `run` of an endpoint, which HTTP and queue share. */
export function createRunEndpoint<Input extends z.ZodType, Output extends z.ZodType>(
  definition: EndpointDefinition<Input, Output>,
  { name, platform }: Binding,
): RunEndpoint {
  const rooms = createRooms(platform);
  const terms = termsOf(name, definition);
  return async ({ input, principal, requestId, times, cacheWish, settled }) => {
    const id = mintCallId(platform.clock.nowMs());
    const deadline = startDeadline(platform.clock, times.workUntilMs);
    const { replyByMs, killAtMs } = times;
    const call: Call = { id, terms, principal, requestId, deadline, replyByMs, killAtMs, cacheWish };
    const onSettled = (receipt: Receipt) => {
      logCall(receipt, platform);
      settled?.(receipt);
    };
    try {
      const events = moneyPath(call, rooms, endpointWork(definition, input as z.output<Input>), onSettled);
      // A plain reply is the collected stream: only what the work returns is of interest here.
      for (;;) {
        const step = await events.next();
        if (step.done) return step.value;
      }
    } finally {
      deadline.dispose();
    }
  };
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
    ...(budget && { monthlyLimitPico: parseUsd(budget.monthlyUsd) }),
    ...(limits.attemptTimeoutMs !== undefined && { attemptTimeoutMs: limits.attemptTimeoutMs }),
  };
}
