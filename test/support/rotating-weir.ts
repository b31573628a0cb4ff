import { ROTATION_STEPS, type RotationStep } from '#edge/define-rotation.ts';
import { readStoredKey } from '#upstream/stored-key.ts';
import { FakeClock } from './fake-clock.ts';
import { dropRequest, pass, startFaultProxy, type Fault, type FaultProxy } from './fault-proxy.ts';
import { startOpenAiAdmin, type OpenAiAdminServer } from './openai-admin.ts';
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts';
import { testKey } from './test-key.ts';
import { upstreamPrices } from './upstream-prices.ts';
import { startWeir, type Weir } from './weir.ts';
import type { WeirEnvironment } from './weir-environment.ts';

export const ROTATOR = 'security/rotate-key';
export const SECRET_ID = 'weir/openai';
export const PROJECT = 'proj_summaries';
const STEP_MS = 120_000;

/**
 * A Weir whose OpenAI secret is rotated: an Admin API that knows which keys there are, and an upstream that takes those and no
 * other; the first key, put by hand, stays good.
 */
export class RotatingWeir {
  readonly weir: Weir;
  readonly upstream: ScriptedUpstream;
  readonly admin: OpenAiAdminServer;
  /** In front of the Admin API. */
  readonly adminProxy: FaultProxy;
  readonly #parts: AsyncDisposableStack;

  constructor(parts: AsyncDisposableStack, all: Pick<RotatingWeir, 'weir' | 'upstream' | 'admin' | 'adminProxy'>) {
    this.#parts = parts;
    this.weir = all.weir;
    this.upstream = all.upstream;
    this.admin = all.admin;
    this.adminProxy = all.adminProxy;
  }

  /** One step, as Secrets Manager invokes it. */
  step(step: RotationStep, token: string, environment: WeirEnvironment = this.weir): Promise<unknown> {
    return environment.invoke(ROTATOR, { Step: step, SecretId: SECRET_ID, ClientRequestToken: token }, STEP_MS);
  }

  /** All four steps of a rotation. @param token of one that has begun @default a new one */
  async rotate(token?: string, environment?: WeirEnvironment): Promise<string> {
    const begun = token ?? (await this.weir.beginRotation());
    for (const step of ROTATION_STEPS) await this.step(step, begun, environment);
    return begun;
  }

  /** What the clock starts. */
  tend(): Promise<unknown> {
    return this.weir.runSchedule(ROTATOR);
  }

  /** The ids of the keys that OpenAI knows, the oldest first. */
  get keyIds(): string[] {
    return this.admin.keys.map(({ id }) => id);
  }

  /** The key in use. */
  async current(): Promise<{ id?: string; value: string }> {
    return readStoredKey((await this.weir.secretVersions.at(SECRET_ID, 'AWSCURRENT'))!.value);
  }

  /**
   * The process dies at its request of that number, to whatever server: that one meets the fault, and nothing that it sends
   * afterwards arrives. Gives what ends that, and tells whether it came so far.
   */
  dieAt(number: number, how: Fault): () => boolean {
    let count = 0;
    const fault: Fault = (exchange) => {
      count += 1;
      return (count < number ? pass : count === number ? how : dropRequest)(exchange);
    };
    const proxies = [this.weir.secrets, this.weir.dynamoDb, this.adminProxy];
    const rule = { fault };
    for (const proxy of proxies) proxy.rules.push(rule);
    return () => {
      for (const proxy of proxies) proxy.rules.splice(proxy.rules.indexOf(rule), 1);
      return count >= number;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

export interface RotatingOptions {
  /** Whether the admin key's secret has been set. @default true */
  readonly hasAdminKey?: boolean;
  /** Another deployment, with whose OpenAI it shares organization and project. @default one of its own */
  readonly beside?: Pick<RotatingWeir, 'upstream' | 'admin'>;
}

/** Starts one. To be held by `await using`. */
export async function startRotatingWeir({ hasAdminKey = true, beside }: RotatingOptions = {}): Promise<RotatingWeir> {
  await using parts = new AsyncDisposableStack();
  const clock = new FakeClock();
  const first = testKey('first');
  const upstream =
    beside?.upstream ?? parts.use(await startScriptedUpstream({ prices: upstreamPrices, validKeys: [first] }));
  const onKeys = (values: readonly string[]) => {
    for (const value of upstream.validKeys) if (value !== first) upstream.validKeys.delete(value);
    for (const value of values) upstream.validKeys.add(value);
  };
  const adminKey = testKey('admin');
  const admin = beside?.admin ?? parts.use(await startOpenAiAdmin({ adminKey, now: () => clock.nowMs(), onKeys }));
  const adminProxy = parts.use(await startFaultProxy({ target: new URL(admin.baseUrl).origin }));
  const weir = parts.use(
    await startWeir({
      baseUrl: upstream.baseUrl,
      clock,
      ...(hasAdminKey && { adminKey }),
      variables: {
        WEIR_OPENAI_ADMIN_BASE_URL: `${adminProxy.endpoint}/v1`,
        WEIR_ROTATED_SECRETS: JSON.stringify({ [SECRET_ID]: PROJECT }),
      },
    }),
  );
  return new RotatingWeir(parts.move(), { weir, upstream, admin, adminProxy });
}
