import { startCompanion, type Companion } from '../companion.ts';
import { CLIENTS, type Load, type LoadSeen, type Target } from './load.ts';
import type { Pace } from './pace.ts';
import { portkeyHeaders, startPortkey, type Peer } from './peers.ts';
import type { SdkQuestion } from './sdk-process.ts';
import { startServing, type Serving } from './serving.ts';
import type { UpstreamAnswer } from './upstream-process.ts';

/** Everything that streams are sent through, each in a process of its own, and who reads them. */
export interface Stand extends AsyncDisposable {
  readonly gateway: Serving;
  readonly pipe: Serving;
  /** Undefined: it was not asked for. */
  readonly portkey: Peer | undefined;
  readonly sdk: Companion<SdkQuestion, number>;
  readonly targets: Targets;
  /** Reads streams, with all the clients. @throws Error unless all of them were whole */
  read(
    target: Target,
    load: { readonly streams: number; readonly pace: Pace; readonly isScattered?: boolean },
  ): Promise<LoadSeen>;
}

/** Whom the clients may call. */
export interface Targets {
  readonly direct: Target;
  readonly directResponses: Target;
  readonly pipe: Target;
  readonly chat: Target;
  readonly summarize: Target;
  readonly portkey: Target | undefined;
}

/** Shaped as a key is. */
const CALLER_KEY = `weir_${'bench'.repeat(9)}`;

/** Starts all of it. @param withPeers installs and starts Portkey too */
export async function startStand(withPeers: boolean): Promise<Stand> {
  await using started = new AsyncDisposableStack();
  const upstreamProcess = started.use(startCompanion<{ what: 'look' }, UpstreamAnswer>('streams/upstream-process.ts'));
  const { awsUrl, openaiUrl } = await upstreamProcess.ask({ what: 'look' });
  const gateway = started.use(
    await startServing('gateway-process.ts', {
      arguments: [awsUrl, openaiUrl, CALLER_KEY],
      nodeOptions: ['--expose-gc'],
    }),
  );
  const pipe = started.use(await startServing('pipe-process.ts', { arguments: [openaiUrl] }));
  const sdk = started.use(startCompanion<SdkQuestion, number>('streams/sdk-process.ts', { arguments: [openaiUrl] }));
  const clients = started.use(startCompanion<Load, LoadSeen>('streams/load-process.ts'));
  const portkey = withPeers ? await startPortkey() : undefined;
  const peer = portkey && 'serving' in portkey ? started.use(portkey.serving) : undefined;

  const key = { authorization: `Bearer ${CALLER_KEY}` };
  const targets: Targets = {
    direct: { url: `${openaiUrl}/v1/chat/completions`, kind: 'chat' },
    directResponses: { url: `${openaiUrl}/v1/responses`, kind: 'responses' },
    pipe: { url: `${pipe.url}/v1/chat/completions`, kind: 'chat' },
    chat: { url: `${gateway.url}/openai/v1/chat/completions`, kind: 'chat', headers: key },
    summarize: { url: `${gateway.url}/v1/summarize`, kind: 'summarize', headers: key },
    portkey: peer && {
      url: `${peer.url}/v1/chat/completions`,
      kind: 'chat',
      headers: portkeyHeaders(openaiUrl),
    },
  };
  const parts = started.move();
  return {
    gateway,
    pipe,
    portkey,
    sdk,
    targets,
    read: (target, { isScattered = false, ...load }) => clients.ask({ target, clients: CLIENTS, isScattered, ...load }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
