import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LedgerEntry } from '#ledger/entry.ts';
import { parseUsd } from '#platform/money.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { untilOver, type Step } from '#test/support/scripted-exchange.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { hang, htmlWith200 } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import type { StreamedReply } from '#test/support/streamed-reply.ts';
import { Pouring } from './pouring.ts';
import { CHAT, WAYS, type Way } from './ways.ts';

/** By hand, in pico-USD a token of gpt-6-luna: $0.10 and $0.50 a million. */
const [INPUT_PICO, OUTPUT_PICO] = [100_000n, 500_000n];
/** The output limits of the routes; their inputs are far below 10,000 tokens. */
const BOUND_PICO = 10_000n * 125_000n + 2_000n * OUTPUT_PICO;

let gateway: LocalGateway;
beforeAll(async () => {
  gateway = await startLocalGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** A caller who asks once, and leaves. */
class Leaver {
  readonly #way: Way;
  readonly #id = `leaver-${randomUUID()}`;
  readonly #leaving = new AbortController();
  reply: Promise<StreamedReply> | undefined;
  leftAtMs = 0;

  constructor(way: Way) {
    this.#way = way;
  }

  /** @param steps what the upstream does with its requests */
  async ask(steps: readonly Step[], body: object = { stream: true }): Promise<void> {
    gateway.upstream.script(...steps);
    const key = await gateway.register({ id: this.#id, roles: ['caller'], endpoints: ['*'] });
    const asked = { path: this.#way.path, body: { ...this.#way.body, ...body }, key };
    this.reply = gateway.stream(asked, this.#leaving.signal);
    this.reply.catch(() => undefined);
  }

  /** Reads until a text has come. */
  async read(text: string): Promise<void> {
    const { chunks } = await this.reply!;
    for (let read = ''; !read.includes(text);) {
      const { value, done } = await chunks.next();
      if (done) throw new Error(`the stream ended without ${text}`);
      read += String(value);
    }
  }

  leave(): void {
    this.leftAtMs = Date.now();
    this.#leaving.abort();
  }

  /** The one ledger entry of the call, once it is there. */
  async entry(): Promise<LedgerEntry> {
    const own = async () => (await gateway.ledger()).filter(({ caller }) => caller === this.#id);
    await expect.poll(async () => (await own()).length, { timeout: 10_000 }).toBe(1);
    await expectCountersToAgree(this.#way);
    const [entry, ...others] = await own();
    expect(others).toEqual([]);
    return entry!;
  }
}

/** Nothing is held any more, and what the endpoint's budget has spent is what its ledger says. */
async function expectCountersToAgree({ entry: endpoint }: Way): Promise<void> {
  const budget = async () => {
    const path = `/v1/budgets/${encodeURIComponent(`endpoint:${endpoint}`)}`;
    const reply = await gateway.send({ method: 'GET', path, key: gateway.weir.keys.administrator });
    expect(reply.status, reply.text).toBe(200);
    return reply.json as { readonly spentUsd: string; readonly heldUsd: string };
  };
  await expect.poll(async () => (await budget()).heldUsd, { timeout: 10_000 }).toBe('0');
  const entries = (await gateway.ledger()).filter((entry) => entry.endpoint === endpoint);
  const spentPico = entries.reduce((sum, { costPico }) => sum + costPico, 0n);
  expect(parseUsd((await budget()).spentUsd)).toBe(spentPico);
}

/** What the upstream has counted for its last request. */
function billedPico(): bigint {
  const line = gateway.upstream.bill.lines.at(-1)!;
  return BigInt(line.inputTokens) * INPUT_PICO + BigInt(line.outputTokens) * OUTPUT_PICO;
}

/** The upstream's last request was ended within a second: measured, and mostly a few milliseconds. */
async function expectAborted({ leftAtMs }: Leaver): Promise<void> {
  const request = gateway.upstream.requests.at(-1)!;
  expect(await request.ending).toBe('client left');
  expect(request.clientLeftAtMs! - leftAtMs).toBeLessThan(1_000);
}

for (const way of WAYS) {
  test.each([
    ['the first', 1],
    ['a middle', 20],
    ['the last', 40],
  ])(
    `S5 ${way.entry}: a caller who leaves at %s chunk stops the upstream, and pays for what was made`,
    async (_, at) => {
      const leaver = new Leaver(way);
      const held = new Gate();
      const chunks = (async function* () {
        for (let number = 1; number <= 40; number++) {
          yield ` piece-${number}-of-the-weir`;
          if (number === at) await held.pass();
        }
      })();
      await leaver.ask([stream({ chunks })]);
      await leaver.read(`piece-${at}-`);
      await held.reached();
      leaver.leave();
      await expectAborted(leaver);
      const entry = await leaver.entry();
      held.open();
      expect(entry).toMatchObject({ outcome: 'caller_gone', basis: 'estimated', attempts: [{ outcome: 'cancelled' }] });
      expect(entry.costPico).toBeGreaterThan(billedPico() / 2n);
      expect(entry.costPico).toBeLessThan(BOUND_PICO);
    },
  );

  test(`S5 ${way.entry}: a caller who leaves before anything came pays the bound, for nobody can tell`, async () => {
    const leaver = new Leaver(way);
    const before = gateway.upstream.requests.length;
    await leaver.ask([hang()]);
    await gateway.upstream.received(before + 1);
    leaver.leave();
    await expectAborted(leaver);
    const entry = await leaver.entry();
    expect(entry).toMatchObject({ outcome: 'caller_gone', basis: 'unknown' });
    expect(entry.costPico).toBeGreaterThan(0n);
    expect(entry.costPico).toBeLessThan(BOUND_PICO);
  });

  test(`S5 ${way.entry}: a caller who leaves while the model thinks pays for the thinking`, async () => {
    const leaver = new Leaver(way);
    const thinking = new Gate();
    await leaver.ask([stream({ thinking })]);
    await thinking.reached();
    leaver.leave();
    await expectAborted(leaver);
    const entry = await leaver.entry();
    expect(entry.outcome).toBe('caller_gone');
    expect(entry.costPico).toBeGreaterThan(0n);
    expect(entry.costPico).toBeLessThan(BOUND_PICO);
  });

  test(`S5 ${way.entry}: with a lost attempt before it, each of the two is paid for`, async () => {
    const leaver = new Leaver(way);
    const held = new Gate();
    const chunks = (async function* () {
      yield 'A weir holds.';
      await held.pass();
    })();
    await leaver.ask([htmlWith200(), stream({ chunks })]);
    await leaver.read('A weir holds.');
    leaver.leave();
    await expectAborted(leaver);
    const entry = await leaver.entry();
    held.open();
    expect(entry.outcome).toBe('caller_gone');
    expect(entry.attempts.map(({ outcome, basis }) => [outcome, basis])).toEqual([
      ['protocol', 'unknown'],
      ['cancelled', 'estimated'],
    ]);
    expect(entry.attempts.every(({ costPico }) => costPico > 0n)).toBe(true);
    expect(entry.costPico).toBe(entry.attempts[0]!.costPico + entry.attempts[1]!.costPico);
    expect(entry.unknownPico).toBe(entry.attempts[0]!.costPico);
  });

  test(`S5 ${way.entry}: a caller who leaves before a plain reply stops the upstream too`, async () => {
    const leaver = new Leaver(way);
    const before = gateway.upstream.requests.length;
    await leaver.ask([hang()], {});
    await gateway.upstream.received(before + 1);
    leaver.leave();
    await expectAborted(leaver);
    expect(await leaver.entry()).toMatchObject({ outcome: 'caller_gone', basis: 'unknown' });
  });
}

test('S5 a caller who leaves while the answer is held back by its own slowness', async () => {
  const leaver = new Leaver(CHAT);
  const pouring = new Pouring({ chunks: 1_000, chunkBytes: 65_536 });
  await leaver.ask([pouring.step]);
  await leaver.read('weir');
  expect(await pouring.atRest()).toBeLessThan(1_000);
  leaver.leave();
  await expectAborted(leaver);
  expect(pouring.sent).toBeLessThan(1_000);
  const entry = await leaver.entry();
  expect(entry).toMatchObject({ outcome: 'caller_gone', basis: 'estimated' });
  // More was written than the caller allowed: the estimate stays within the limit that OpenAI was told.
  expect(entry.usage.outputTokens).toBe(2_000);
  expect(entry.costPico).toBeLessThan(BOUND_PICO);
});

test('S5, L8 where the usage had come before the caller left, it is what is charged', async () => {
  const leaver = new Leaver(CHAT);
  const usage = { prompt_tokens: 12, completion_tokens: 34 };
  const head = { id: 'chatcmpl-1', model: 'gpt-6-luna', service_tier: 'default' };
  const choices = [{ index: 0, delta: { content: 'A weir.' }, finish_reason: 'stop' }];
  await leaver.ask([
    async (exchange) => {
      exchange.response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const chunk of [
        { ...head, choices },
        { ...head, choices: [], usage },
        { ...head, choices: [], late: 1 },
      ])
        exchange.response.write(`data: ${JSON.stringify(chunk)}\n\n`);
      await untilOver(exchange);
    },
  ]);
  // Behind the usage, which is not passed on.
  await leaver.read('"late"');
  leaver.leave();
  await expectAborted(leaver);
  const entry = await leaver.entry();
  expect(entry).toMatchObject({ outcome: 'caller_gone', basis: 'exact', usage: { inputTokens: 12, outputTokens: 34 } });
  expect(entry.costPico).toBe(12n * INPUT_PICO + 34n * OUTPUT_PICO);
});
