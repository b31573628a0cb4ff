import { setImmediate } from 'node:timers/promises';
import type { PriceTable } from '#test/support/scripted-bill.ts';
import type { RecordedRequest, Step } from '#test/support/scripted-exchange.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import type { WeirEnvironment, TestReply } from '#test/support/weir-environment.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';
import type { RequestOptions } from '#test/support/entry-event.ts';
import type { AskedWay } from './asked-ways.ts';
import { chatPrices } from './chat-upstream.ts';

/** By hand, what OpenAI charged on 2026-11-22: $1 per million tokens is a million pico-dollars a token. */
const prices: PriceTable = {
  ...chatPrices,
  'gpt-5.6-terra': { input: 2_000_000n, cachedInput: 200_000n, cacheWriteInput: 2_500_000n, output: 12_000_000n },
  'gpt-6-sol': { input: 2_000_000n, cachedInput: 200_000n, cacheWriteInput: 2_500_000n, output: 10_000_000n },
};

/** A Weir before an upstream whose answers to the question at hand fail as the test says. */
export class FailingUpstream implements AsyncDisposable {
  readonly upstream: ScriptedUpstream;
  readonly weir: Weir;
  readonly asked: AskedWay;
  readonly #chance: Chance;
  /** How many requests the upstream had seen before the call at hand. */
  #callFrom = 0;

  private constructor(asked: AskedWay, upstream: ScriptedUpstream, weir: Weir, chance: Chance) {
    this.asked = asked;
    this.upstream = upstream;
    this.weir = weir;
    this.#chance = chance;
  }

  static async start(asked: AskedWay): Promise<FailingUpstream> {
    const chance = new Chance();
    const upstream = await startScriptedUpstream({ prices });
    const weir = await startWeir({ baseUrl: upstream.baseUrl, random: () => chance.draw() });
    return new FailingUpstream(asked, upstream, weir, chance);
  }

  /** From now on the question at hand meets this, behind the answers to the others of its call, and those are good. */
  fails(step: Step): void {
    const { isAtHand, besides } = this.asked;
    this.#callFrom = this.upstream.requests.length;
    const backoff = this.#chance.expectBackoff();
    this.upstream.otherwise(async (exchange) => {
      if (!isAtHand(exchange.request)) return plainAnswers(exchange);
      const earlier = () => this.upstream.requests.slice(this.#callFrom).filter((request) => !isAtHand(request));
      // A routing is kept, so a later call has none before its answer.
      if (besides > 1)
        while (earlier().length < besides) await this.upstream.received(this.upstream.requests.length + 1);
      await Promise.all(earlier().map(({ ending }) => ending));
      await hasBeenRead();
      backoff.isDue = true;
      backoff.failing.resolve();
      return step(exchange);
    });
  }

  /** Whatever is asked is answered well. */
  mends(): void {
    this.upstream.otherwise(plainAnswers);
  }

  /** Every backoff lasts so much of its longest; 0 passes by itself. */
  waits(share: number): void {
    this.#chance.share = share;
  }

  /** Settles when the question at hand has come, and meets its failure. */
  async isFailing(): Promise<void> {
    await this.#chance.backoff.failing.promise;
  }

  /** Settles when the call at hand waits to ask once more. */
  async inBackoff(): Promise<void> {
    await this.#chance.backoff.begun.promise;
  }

  /** The requests so far for the question at hand. */
  get atHand(): readonly RecordedRequest[] {
    return this.upstream.requests.filter((request) => this.asked.isAtHand(request));
  }

  /** Asks in an environment of its own, unless the test has one: retry budget, breaker and key are fresh. */
  async ask(options: RequestOptions = {}, environment: WeirEnvironment = this.weir.newEnvironment()): Promise<Asked> {
    const before = this.upstream.requests.length;
    this.#callFrom = before;
    const reply = await this.#send(options, environment);
    const requests = this.upstream.requests.slice(before);
    return { reply, requests, atHand: requests.filter((request) => this.asked.isAtHand(request)) };
  }

  async #send(options: RequestOptions, environment: WeirEnvironment): Promise<TestReply> {
    const { endpoint, body, isStreamed } = this.asked;
    if (!isStreamed) return environment.post(endpoint, body, options);
    const reply = await environment.stream(endpoint, body, options);
    const raw = await reply.text();
    await reply.settled;
    const isJson = reply.headers['content-type']?.includes('json') === true;
    const json = isJson ? (JSON.parse(raw) as Record<string, unknown>) : {};
    return { status: reply.status, headers: reply.headers, body: json, raw };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.weir[Symbol.asyncDispose]();
    await this.upstream.stop();
  }
}

/** The random source. Behind a failure it is drawn from for the length of a backoff. */
class Chance {
  share = 0;
  backoff = newBackoff();

  expectBackoff(): Backoff {
    return (this.backoff = newBackoff());
  }

  draw(): number {
    if (this.backoff.isDue) this.backoff.begun.resolve();
    return this.share;
  }
}

interface Backoff {
  /** The failure is on its way. */
  isDue: boolean;
  readonly failing: PromiseWithResolvers<void>;
  readonly begun: PromiseWithResolvers<void>;
}

function newBackoff(): Backoff {
  return { isDue: false, failing: Promise.withResolvers<void>(), begun: Promise.withResolvers<void>() };
}

/** Turns of the event loop in which what lies in this process's sockets is read. */
async function hasBeenRead(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate();
}

/** A call's reply, and what it asked of the upstream. */
export interface Asked {
  readonly reply: TestReply;
  readonly requests: readonly RecordedRequest[];
  /** Those of the question that was to fail. */
  readonly atHand: readonly RecordedRequest[];
}
