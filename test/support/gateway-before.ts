import { startGateway } from '#infra/local/gateway.ts';
import { hostFunction } from '#infra/local/lambda-host.ts';
import { patientDynamoDb } from './patient-dynamodb.ts';
import type { Weir } from './weir.ts';

/** What a test may ask of a route. */
export interface Asked {
  /** @default POST with a body, GET without */
  readonly method?: string;
  readonly path: string;
  readonly key: string;
  readonly body?: unknown;
}

/** The local gateway before a Weir, by the Weir's clock: authorizer with its cache, and usage plans. */
export interface GatewayBefore extends AsyncDisposable {
  readonly url: string;
  send(asked: Asked): Promise<Response>;
  /** Many of one kind at once, while the clock stands: how many replies had which status. */
  burst(count: number, asked: Asked): Promise<Readonly<Record<number, number>>>;
}

/**
 * Starts one, over handlers of its own that wait for the tables as long as it takes: a request that is given up is asked again, and then
 * counts twice against a rate. To be held by `await using`.
 */
export async function startGatewayBefore(weir: Weir): Promise<GatewayBefore> {
  const { clock, findUsage } = weir;
  const platform = { ...weir.platform, dynamo: patientDynamoDb(weir.dynamoDb.endpoint) };
  const functions = weir.entries.map((entry) => {
    return hostFunction(entry, entry.handler.bindTo({ name: entry.name, platform }), clock);
  });
  const gateway = await startGateway({ functions, port: 0, clock, findUsage });
  const send = ({ method, path, key, body }: Asked): Promise<Response> =>
    fetch(gateway.url + path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { authorization: `Bearer ${key}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return {
    url: gateway.url,
    send,
    async burst(count, asked) {
      const statuses = await Promise.all(
        Array.from({ length: count }, async () => {
          const reply = await send(asked);
          await reply.arrayBuffer();
          return reply.status;
        }),
      );
      return countOf(statuses);
    },
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
}

/** How often each status is among them. */
export function countOf(statuses: readonly number[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
