import type { EndpointSpec } from '#edge/specs.ts';
import type { EntryHandler } from '#edge/entry-handler.ts';
import type { Clock } from '#platform/clock.ts';
import type { Platform } from '#platform/platform.ts';
import { haiku, serving } from './haiku.ts';
import { patientDynamoDb } from './patient-dynamodb.ts';
import { watchReads, type WatchedEnvironment } from './watched-reads.ts';
import type { TestReply } from './weir-environment.ts';
import type { Weir } from './weir.ts';

type Endpoints = Readonly<Record<string, { readonly handler: EntryHandler; readonly spec: EndpointSpec }>>;

/** The endpoint that everybody runs at: `haiku`, deterministic, each caller for himself. */
export const CACHED: Endpoints = { haiku: haiku({ deterministic: { ttlSeconds: 3_600 } }) };

/**
 * So many environments, through the Weir's fault proxy; each sees the others through the tables only. They wait for an
 * answer of the table as long as it takes, for a hundred callers in one process make the embedded one slow; with
 * `patient: false`, no longer than the product does.
 */
export function environmentsOf(
  weir: Weir<Clock>,
  count: number,
  { endpoints = CACHED, patient = true }: { readonly endpoints?: Endpoints; readonly patient?: boolean } = {},
): readonly [WatchedEnvironment, ...WatchedEnvironment[]] {
  const all = Array.from({ length: count }, () => {
    const own = patient ? patientDynamoDb(weir.dynamoDb.endpoint) : weir.newEnvironment().platform.dynamo;
    const reads = watchReads(own);
    const platform: Platform = { ...weir.platform, dynamo: reads.dynamo };
    return Object.assign(serving(weir, endpoints, platform), { reads });
  });
  return all as unknown as readonly [WatchedEnvironment, ...WatchedEnvironment[]];
}

/** Requests that went to the cache's table, by operation. */
export function cacheRequests(weir: Weir<Clock>): string[] {
  return weir.dynamoDb.requests.filter(({ body }) => body.includes('-cache"')).map(({ operation }) => operation);
}

/** Status and `x-weir-cache` of each reply, in the order of the alphabet: who leads is nobody's choice. */
export function cachesOf(replies: readonly TestReply[]): string[] {
  return replies.map(({ status, headers }) => `${status} ${headers['x-weir-cache']}`).toSorted();
}
