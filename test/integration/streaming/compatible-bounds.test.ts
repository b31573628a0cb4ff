import { expect, test } from 'vitest';
import { heldIn } from '#budgets/part.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';
import { postWithPolicy, type PolicyOptions } from './post-with-policy.ts';
import { CHAT, hear, RESPONSES, type Way } from './ways.ts';

/** By hand, in pico-USD a token of gpt-6-luna: $0.125 a million to write input to the cache, and $0.50 of output. */
const [WRITE_PICO, OUTPUT_PICO] = [125_000n, 500_000n];
/** What the routes say where a request says nothing. */
const DEFAULT_LIMIT = 16_384;

/** What is held for a request while the upstream works on it. */
async function heldFor({ entry }: Way, body: object, options: PolicyOptions = {}): Promise<bigint> {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(answer({ gate }));
  const replying = postWithPolicy(weir, entry, body, options);
  await Promise.race([gate.reached(), replying]);
  const state = await weir.budget(entry);
  gate.open();
  const reply = await replying;
  expect(reply.status, reply.raw).toBe(200);
  return heldIn(state!);
}

test.each([
  [CHAT, false],
  [CHAT, true],
  [RESPONSES, false],
  [RESPONSES, true],
])(
  'I8 $entry, stream %s: a limit of output is always sent, the route’s where the caller names none',
  async (way, isStream) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const { max_completion_tokens: _, max_output_tokens: __, ...bare } = way.body as Record<string, unknown>;
    const name = way === CHAT ? 'max_completion_tokens' : 'max_output_tokens';
    const wishes: [object, object][] = [
      [{}, { [name]: DEFAULT_LIMIT }],
      [{ [name]: null }, { [name]: DEFAULT_LIMIT }],
      [{ [name]: 77 }, { [name]: 77 }],
      ...(way === CHAT ? ([[{ max_tokens: 55 }, { max_tokens: 55 }]] as [object, object][]) : []),
    ];
    for (const [at, [wish, sent]] of wishes.entries()) {
      const reply = await weir.post(way.entry, { ...bare, ...wish, ...(isStream && { stream: true }) });
      expect(reply.status, reply.raw).toBe(200);
      const { max_completion_tokens, max_output_tokens, max_tokens } = upstream.requests[at]!.body;
      const limits = Object.entries({ max_completion_tokens, max_output_tokens, max_tokens });
      expect(Object.fromEntries(limits.filter(([, limit]) => limit !== undefined))).toEqual(sent);
      expect(upstream.requests[at]!.body['store']).toBe(false);
    }
  },
);

test('I8 every choice of n is held for, and none is written that was not', async () => {
  const [one, four] = [await heldFor(CHAT, { ...CHAT.body, n: 1 }), await heldFor(CHAT, { ...CHAT.body, n: 4 })];
  expect(four - one).toBe(3n * 2_000n * OUTPUT_PICO);
  expect(one).toBeGreaterThan(2_000n * OUTPUT_PICO);
});

test('I8 what goes on from a stored answer is refused without a policy that allows it', async () => {
  for (const stream of [false, true]) {
    await using upstream = await startScriptedUpstream();
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const body = { ...RESPONSES.body, previous_response_id: 'resp_1', stream };
    for (const policy of [undefined, {}, { mayStore: false }]) {
      const reply = await postWithPolicy(weir, RESPONSES.entry, body, policy ? { policy } : {});
      expect([reply.status, reply.body['error']]).toMatchObject([400, { param: 'previous_response_id' }]);
    }
    expect(upstream.requests).toHaveLength(0);
    expect(await weir.budget(RESPONSES.entry)).toBeUndefined();
  }
});

test.each([CHAT, RESPONSES])(
  '$entry: store is refused without a policy that allows it, and sent with one',
  async (way) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const body = { ...way.body, store: true, stream: true };
    const refused = await postWithPolicy(weir, way.entry, body, {});
    expect([refused.status, refused.body['error'], upstream.requests.length]).toMatchObject([
      400,
      { param: 'store' },
      0,
    ]);
    const allowed = await postWithPolicy(weir, way.entry, body, { policy: { mayStore: true } });
    expect([allowed.status, upstream.requests[0]!.body['store']]).toEqual([200, true]);
  },
);

test('I8 with such a policy the whole context window of the model is held for it', async () => {
  const body = { ...RESPONSES.body, previous_response_id: 'resp_1' };
  const held = await heldFor(RESPONSES, body, { policy: { mayStore: true } });
  // 1,050,000 tokens, at the price of long context: twice the input, one and a half times the output.
  expect(held).toBe(1_050_000n * WRITE_PICO * 2n + (2_000n * OUTPUT_PICO * 3n) / 2n);
});

test('I8 where the rest of a budget cannot hold a context window, it is a 402 and reaches nobody', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const options = { roles: ['administrator'], params: { scope: `endpoint:${RESPONSES.entry}` } } as const;
  await weir.put('finance/set-budget', { window: 'month', limitUsd: '0.1' }, options);
  const body = { ...RESPONSES.body, previous_response_id: 'resp_1', stream: true };
  const reply = await postWithPolicy(weir, RESPONSES.entry, body, { policy: { mayStore: true } });
  expect([reply.status, reply.headers['x-should-retry'], upstream.requests.length]).toEqual([402, 'false', 0]);
});

test.each([CHAT, RESPONSES])('I7 $entry: header names are taken in any case', async (way) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const streamed = { ...way.body, stream: true };
  for (const [at, name] of ['x-weir-cache', 'X-Weir-Cache', 'X-WEIR-CACHE'].entries()) {
    const heard = await hear(await weir.stream(way.entry, streamed, { headers: { [name]: '1h' } }));
    expect(heard.receipt?.['cache'], name).toBe(at === 0 ? 'miss' : 'hit');
  }
  for (const name of ['x-weir-timeout-ms', 'X-Weir-Timeout-Ms', 'X-WEIR-TIMEOUT-MS']) {
    const reply = await weir.stream(way.entry, streamed, { headers: { [name]: 'soon' } });
    expect([reply.status, (await reply.text()).includes('x-weir-timeout-ms')], name).toEqual([400, true]);
  }
  for (const name of ['idempotency-key', 'Idempotency-Key', 'IDEMPOTENCY-KEY']) {
    const reply = await weir.post(way.entry, way.body, { headers: { [name]: 'order-7' } });
    expect([reply.status, reply.headers['x-weir-replayed']], name).toEqual([
      200,
      name === 'idempotency-key' ? undefined : 'true',
    ]);
  }
  expect(upstream.requests).toHaveLength(2);
});

test.each([CHAT, RESPONSES])('$entry: what Weir does not know is passed on, in a stream too', async (way) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const future = { x_future: { deep: [1, 'two', { three: null }] }, another_one: 7.5 };
  const reply = await weir.stream(way.entry, { ...way.body, ...future, stream: true });
  expect((await hear(reply)).isWhole).toBe(true);
  expect(upstream.requests[0]!.body).toMatchObject(future);
});
