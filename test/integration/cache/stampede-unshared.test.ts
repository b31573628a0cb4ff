import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import { haiku } from '#test/support/haiku.ts';
import { modelNotFound } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import { cachesOf, cacheRequests, environmentsOf } from '#test/support/stampede.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const RAIN = { topic: 'rain' };
/** Longer than any poll's delay. */
const POLL_MS = 500;

const times = (count: number, ...words: readonly string[]) =>
  words.flatMap((word) => Array(count).fill(word) as string[]);

test('C1 who does not share answers does not wait for another: each caller leads for himself', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const shared = haiku({ deterministic: { ttlSeconds: 60, shared: true } });
  const own = haiku({ deterministic: { ttlSeconds: 60 } });
  const [environment] = environmentsOf(weir, 1, { endpoints: { shared, own } });
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const ask = (endpoint: string) => ['ada', 'bob'].map((caller) => environment.post(endpoint, RAIN, { caller }));
  const calls = [...ask('own'), ...ask('shared')];
  await environment.reads.answered(4);
  await gate.reached(3);
  gate.open();
  expect(cachesOf(await Promise.all(calls))).toEqual(['200 hit', ...times(3, '200 miss')]);
  expect(upstream.requests).toHaveLength(3);
});

test.each([
  ['truncated', answer({ finish: 'length' }), '502 miss'],
  ['refused', answer({ refusal: 'No.' }), '422 miss'],
  ['blank, which the endpoint does not take', answer({ text: '' }), '502 miss'],
])(
  'C6 a leader whose answer is %s does not make the others queue up: they go on side by side',
  async (_, step, first) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const environments = environmentsOf(weir, 2);
    const gates = [new Gate(), new Gate()] as const;
    upstream.script(async (exchange) => {
      await gates[0].pass();
      await step(exchange);
    });
    upstream.otherwise(answer({ gate: gates[1] }));
    const groups = environments.map((environment) =>
      Promise.all(Array.from({ length: 5 }, () => environment.post('haiku', RAIN))),
    );
    await Promise.all(environments.map(({ reads }) => reads.answered(5)));
    await gates[0].reached();
    await weir.clock.timersSet(10 + 1 + 1);
    gates[0].open();
    await gates[1].reached(4);
    await weir.clock.advance(POLL_MS);
    await gates[1].reached(9);
    gates[1].open();
    expect(cachesOf((await Promise.all(groups)).flat())).toEqual([...times(9, '200 miss'), first].toSorted());
    await expectBooksToAgree(weir, upstream, 'haiku');
  },
);

test('C6 a fallback’s answer is its caller’s alone: the others ask for themselves, for five seconds without a lead', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = environmentsOf(weir, 2);
  const leads = () => weir.dynamoDb.requests.filter(({ body }) => body.includes('"leading"')).length;
  upstream.script(modelNotFound(), answer(), modelNotFound(), answer(), modelNotFound(), answer());
  expect(cachesOf([await first.post('haiku', RAIN)])).toEqual(['200 miss']);
  expect(leads()).toBe(1);
  await weir.clock.advance(4_999);
  expect(cachesOf([await second!.post('haiku', RAIN)])).toEqual(['200 miss']);
  expect(leads()).toBe(1);
  await weir.clock.advance(1);
  expect(cachesOf([await second!.post('haiku', RAIN)])).toEqual(['200 miss']);
  expect(leads()).toBe(2);
});

test('C6 an answer too large for the cache: those in the process have it, the others ask for themselves', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environments = environmentsOf(weir, 2);
  const random = seededRandom(5);
  const bytes = Uint8Array.from({ length: 500_000 }, () => Math.floor(random() * 256));
  const gate = new Gate();
  upstream.script(answer({ gate, text: Buffer.from(bytes).toString('base64') }));
  const groups = environments.map((environment) =>
    Promise.all(Array.from({ length: 3 }, () => environment.post('haiku', RAIN))),
  );
  await Promise.all(environments.map(({ reads }) => reads.answered(3)));
  await gate.reached();
  await weir.clock.timersSet(6 + 1 + 1);
  gate.open();
  expect(cachesOf(await Promise.race(groups))).toEqual([...times(2, '200 hit'), '200 miss']);
  await weir.clock.advance(POLL_MS);
  expect(cachesOf((await Promise.all(groups)).flat())).toEqual([...times(2, '200 hit'), ...times(4, '200 miss')]);
  expect(upstream.requests).toHaveLength(4);
});

test.each(['no-cache', 'no-store', 'max-age=0'])('C10 %s does not wait for another’s answer', async (cacheControl) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [environment] = environmentsOf(weir, 1);
  const gate = new Gate();
  upstream.script(answer({ gate }));
  const leading = environment.post('haiku', RAIN);
  await gate.reached();
  const headers = { 'cache-control': cacheControl };
  expect(cachesOf([await environment.post('haiku', RAIN, { headers })])).toEqual(['200 bypass']);
  gate.open();
  expect(cachesOf([await leading])).toEqual(['200 miss']);
});

test('C10 the answer of a caller who wanted none from the cache serves those who wait', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = environmentsOf(weir, 2);
  const gate = new Gate();
  upstream.script(answer({ gate, text: 'Late.' }), answer({ text: 'Early.' }));
  const leading = first.post('haiku', RAIN);
  await gate.reached();
  const waiting = second!.post('haiku', RAIN);
  await second!.reads.answered(1);
  await weir.clock.timersSet(4);
  await first.post('haiku', RAIN, { headers: { 'cache-control': 'no-cache' } });
  await weir.clock.advance(POLL_MS);
  const { headers, body } = await waiting;
  expect([headers['x-weir-cache'], body['haiku']]).toEqual(['hit', 'Early.']);
  gate.open();
  expect((await leading).body['haiku']).toBe('Late.');
});

test('C10 only-if-cached is answered at once while another makes the answer', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [environment] = environmentsOf(weir, 1);
  const gate = new Gate();
  upstream.script(answer({ gate }));
  const leading = environment.post('haiku', RAIN);
  await gate.reached();
  const reply = await environment.post('haiku', RAIN, { headers: { 'cache-control': 'only-if-cached' } });
  expect([reply.status, reply.body['code']]).toEqual([504, 'not_cached']);
  gate.open();
  expect((await leading).status).toBe(200);
});

test('C10 a max-age that the stored answer is too old for takes no lead, and the others keep what is stored', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [environment] = environmentsOf(weir, 1);
  await environment.post('haiku', RAIN);
  await weir.clock.advance(60_000);
  weir.dynamoDb.reset();
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const calls = Array.from({ length: 2 }, () =>
    environment.post('haiku', RAIN, { headers: { 'cache-control': 'max-age=30' } }),
  );
  await gate.reached(2);
  expect(cacheRequests(weir)).toEqual(['GetItem', 'GetItem']);
  expect(cachesOf([await environment.post('haiku', RAIN)])).toEqual(['200 hit']);
  gate.open();
  expect(cachesOf(await Promise.all(calls))).toEqual(times(2, '200 miss'));
});
