import { once } from 'node:events';
import type { LambdaHandler } from '#edge/entry-handler.ts';
import type { Entry } from '#infra/inventory.ts';
import { startGateway, type GatewayOptions, type RunningGateway } from '#infra/local/gateway.ts';
import { hostFunction } from '#infra/local/lambda-host.ts';
import { FakeClock } from './fake-clock.ts';
import { streamRequest, type StreamRequest } from './stream-request.ts';
import type { StreamedReply } from './streamed-reply.ts';
import { streamingEntry, type StreamingWork, type StreamingWorkCall } from './streaming-entry.ts';

/** A local gateway before one endpoint that streams, `/v1/talk`. */
export interface StreamingGateway extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly gateway: RunningGateway;
  /** Posts to `/v1/talk`, or to another path, with a key that is let in. */
  post(request?: StreamRequest & { readonly path?: string }): Promise<StreamedReply>;
}

export interface StreamingGatewayOptions extends Pick<GatewayOptions, 'endpointHeaders' | 'onReply'> {
  /** @default 14 minutes */
  readonly timeoutMs?: number;
}

/** Starts one by a clock that the test turns. */
export async function startStreamingGateway(
  work: StreamingWork,
  { timeoutMs = 14 * 60_000, ...options }: StreamingGatewayOptions = {},
): Promise<StreamingGateway> {
  const clock = new FakeClock();
  const spec = { kind: 'endpoint', method: 'POST', access: ['caller'], limits: { timeoutMs } };
  const talk = streamingEntry('talk', spec, work);
  const other = { ...talk, name: 'other' };
  const authorizer = {
    name: 'authorizer',
    spec: { kind: 'authorizer', cacheSeconds: 60, timeoutMs: 5_000 },
    handler: authorize,
  } as unknown as Entry;
  const functions = [
    ...[talk, other].map((entry) => hostFunction(entry, entry.handler, clock)),
    hostFunction(authorizer, authorize, clock),
  ];
  const gateway = await startGateway({ functions, port: 0, clock, ...options });
  return {
    clock,
    gateway,
    post: ({ path = '/v1/talk', headers, ...request } = {}) =>
      streamRequest(gateway.url + path, { headers: { authorization: 'Bearer key', ...headers }, ...request }),
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
}

/** Knows one key, which may use `/v1/talk`. */
const authorize: LambdaHandler = async (event) => {
  if ((event as { authorizationToken: string }).authorizationToken !== 'Bearer key') throw new Error('Unauthorized');
  return {
    policyDocument: { Statement: [{ Effect: 'Allow', Resource: 'arn:aws:execute-api:*/v1/talk' }] },
    context: { callerId: 'ada', roles: 'caller' },
  };
};

/** The next chunk of a body, as text. */
export async function nextText({ chunks }: StreamedReply): Promise<string> {
  return String((await chunks.next()).value);
}

/** Settles when the stream of a call closes, however it does. */
export async function closing({ stream }: StreamingWorkCall): Promise<void> {
  if (!stream.destroyed) await once(stream, 'close');
}

/** Settles when a count has not grown for so long that whoever counts must be waiting. */
export async function atRest(count: () => number): Promise<number> {
  for (let seen = -1, quietTurns = 0; quietTurns < 100;) {
    quietTurns = count() === seen ? quietTurns + 1 : 0;
    seen = count();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return count();
}
