import { randomUUID } from 'node:crypto';
import { EVALUATOR } from '#edge/callers/own-ids.ts';
import type { GatewayEvent, HttpReply } from '#edge/http-call.ts';
import type { ModelTier } from '#edge/models.ts';
import type { EndpointSpec, Evaluation } from '#edge/specs.ts';
import type { Entry } from '#infra/inventory.ts';
import { hostFunction } from '#infra/local/lambda-host.ts';
import type { Clock } from '#platform/clock.ts';
import { parseUsd } from '#platform/money.ts';
import type { Platform } from '#platform/platform.ts';
import { reasonOf } from '../failure.ts';

/** An endpoint of the inventory. */
export type EndpointEntry = Entry & { readonly spec: EndpointSpec };

/** What became of one example with one model. */
export interface Judged {
  /** What is wrong; absent where it passed. */
  readonly fault?: string;
  readonly costPico: bigint;
  readonly latencyMs: number;
  /** A budget refused it, so it says nothing of the model. */
  readonly isRefused: boolean;
}

/** An endpoint with another model, in this process: the real handler over the deployment's tables and upstream. */
export interface EndpointOnTrial {
  readonly model: ModelTier;
  judge(evaluation: Evaluation): Promise<Judged>;
}

/** Puts an endpoint on trial. Each of its calls has the tag `eval` with the run's id. */
export function putOnTrial(
  entry: EndpointEntry,
  model: ModelTier,
  { platform, runId, clock }: { readonly platform: Platform; readonly runId: string; readonly clock: Clock },
): EndpointOnTrial {
  const trial = { model, tags: { eval: runId } };
  const hosted = hostFunction(entry, entry.handler.bindTo({ name: entry.name, platform, trial }), clock);
  return {
    model,
    async judge(evaluation) {
      const startedMs = clock.nowMs();
      const reply = (await hosted.invoke(eventFor(entry.name, evaluation.input, startedMs))) as HttpReply;
      const fault = faultOf(reply, evaluation);
      return {
        ...(fault !== undefined && { fault }),
        costPico: parseUsd(reply.headers['x-weir-cost-usd'] ?? '0'),
        latencyMs: clock.nowMs() - startedMs,
        isRefused: reply.statusCode === 402,
      };
    },
  };
}

/** As the gateway would tell it of a caller that wants nothing from the cache, and leaves nothing in it. */
function eventFor(name: string, input: unknown, nowMs: number): GatewayEvent {
  return {
    httpMethod: 'POST',
    path: `/v1/${name}`,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, no-store' },
    queryStringParameters: null,
    body: JSON.stringify(input),
    isBase64Encoded: false,
    requestContext: {
      requestId: randomUUID(),
      requestTimeEpoch: nowMs,
      authorizer: { callerId: EVALUATOR, roles: 'caller' },
    },
  };
}

function faultOf({ statusCode, body }: HttpReply, evaluation: Evaluation): string | undefined {
  const told = JSON.parse(body) as { readonly code?: string; readonly detail?: string };
  if (statusCode !== 200) return `${statusCode} ${told.code}: ${told.detail}`;
  try {
    const verdict = evaluation.check(told);
    if (verdict === true) return undefined;
    return verdict === false ? 'the check is not met' : verdict;
  } catch (error) {
    return `the check failed: ${reasonOf(error)}`;
  }
}
