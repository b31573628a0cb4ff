import { FakeClock } from './fake-clock.ts';
import { startFaultProxy, type Fault, type FaultProxy } from './fault-proxy.ts';
import { IDENTITY_PROVIDER, IdentityServer, SERVICE_ACCOUNT } from './identity-server.ts';
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts';
import { upstreamPrices } from './upstream-prices.ts';
import { startWeir, type Weir } from './weir.ts';

/** A Weir without a stored key: an STS, a token endpoint, and an upstream that takes the tokens that were given, and nothing else. */
export class KeylessWeir {
  readonly weir: Weir;
  readonly upstream: ScriptedUpstream;
  readonly identity: IdentityServer;
  /** In front of STS. */
  readonly sts: FaultProxy;
  /** In front of the token endpoint. */
  readonly tokens: FaultProxy;
  readonly #parts: AsyncDisposableStack;

  constructor(
    parts: AsyncDisposableStack,
    all: Pick<KeylessWeir, 'weir' | 'upstream' | 'identity' | 'sts' | 'tokens'>,
  ) {
    this.#parts = parts;
    this.weir = all.weir;
    this.upstream = all.upstream;
    this.identity = all.identity;
    this.sts = all.sts;
    this.tokens = all.tokens;
  }

  /** How many tokens have been asked for. */
  get exchanges(): number {
    return this.tokens.requests.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

export interface KeylessOptions {
  /** @default the one that the token endpoint knows */
  readonly workloadIdentity?: string;
}

/** Starts one. To be held by `await using`. */
export async function startKeylessWeir(options: KeylessOptions = {}): Promise<KeylessWeir> {
  const { workloadIdentity = `${IDENTITY_PROVIDER}/${SERVICE_ACCOUNT}` } = options;
  await using parts = new AsyncDisposableStack();
  const clock = new FakeClock();
  const upstream = parts.use(await startScriptedUpstream({ prices: upstreamPrices, validKeys: [] }));
  const identity = parts.use(await new IdentityServer(clock, (token) => upstream.validKeys.add(token)).listen());
  const sts = parts.use(await startFaultProxy({ target: identity.endpoint }));
  const tokens = parts.use(await startFaultProxy({ target: identity.endpoint }));
  const weir = parts.use(
    await startWeir({
      baseUrl: upstream.baseUrl,
      clock,
      key: null,
      variables: {
        AWS_ENDPOINT_URL_STS: sts.endpoint,
        WEIR_OPENAI_TOKEN_URL: `${tokens.endpoint}/oauth/token`,
        WEIR_WORKLOAD_IDENTITY: workloadIdentity,
      },
    }),
  );
  return new KeylessWeir(parts.move(), { weir, upstream, identity, sts, tokens });
}

/** A reply in the target's place, whatever was asked. */
export const replyWith =
  (status: number, body: string): Fault =>
  (exchange) =>
    exchange.reply({ status, rawHeaders: ['content-type', 'text/plain'], body: Buffer.from(body) });

/** Half of what the target says, and then the line is cut. */
export const cutInHalf: Fault = async (exchange) => {
  const { status, body } = await exchange.forward();
  const half = body.subarray(0, body.length / 2);
  exchange.reply({ status, rawHeaders: ['content-type', 'application/json'], body: half });
};
