import { expect, test } from 'vitest';
import type { CallerPolicy } from '#platform/principal.ts';
import { patientEnvironment } from '#test/support/patient-environment.ts';
import { send } from '#test/support/scripted-exchange.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer, incomplete, refusal } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';
import { postWithPolicy, type PolicyOptions } from './post-with-policy.ts';
import { Pouring } from './pouring.ts';
import { CHAT, hear, hearText, RESPONSES, type Way } from './ways.ts';

const CHUNKS = ['A weir 🏞️ ', 'is a "low" wall,\n', 'across a river.'];
const HOUR = { headers: { 'x-weir-cache': '1h' } };

/** A stream without what Weir puts behind it. */
function ofUpstream(text: string): string {
  return text.replace(/: weir \{.*\}\n\n$/, '');
}

async function streamed(weir: Weir, way: Way, options: object, more: object = {}) {
  const reply = await weir.stream(way.entry, { ...way.body, ...more, stream: true }, options);
  const text = await reply.text();
  return { headers: reply.headers, text, heard: await hearText(text) };
}

for (const way of [CHAT, RESPONSES]) {
  test(`C9 ${way.entry}: with x-weir-cache a stream is kept, and comes again byte for byte`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(stream({ chunks: CHUNKS, noise: true, obfuscation: true }));
    const first = await streamed(weir, way, HOUR);
    expect(first.heard.receipt).toMatchObject({ cache: 'miss', basis: 'exact' });
    await weir.clock.advance(90_000);
    const again = await streamed(weir, way, HOUR);
    expect([again.headers['x-weir-cache'], again.headers['age']]).toEqual(['hit', '90']);
    expect(again.heard.receipt).toMatchObject({ cache: 'hit', costUsd: '0' });
    expect(ofUpstream(again.text)).toBe(ofUpstream(first.text));
    expect(again.heard).toMatchObject({ text: CHUNKS.join(''), isWhole: true });
    expect(upstream.requests).toHaveLength(1);
    // A plain reply is another document: it is asked for by itself, and then kept too.
    const plain = await weir.post(way.entry, way.body, HOUR);
    const plainAgain = await weir.post(way.entry, way.body, HOUR);
    expect([plain.headers['x-weir-cache'], plainAgain.headers['x-weir-cache']]).toEqual(['miss', 'hit']);
    expect(plainAgain.raw).toBe(plain.raw);
    expect(upstream.requests).toHaveLength(2);
  });

  test(`C9 ${way.entry}: kept for as long as was asked, and no longer`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const caches: unknown[] = [];
    for (const minutes of [0, 59, 1]) {
      await weir.clock.advance(minutes * 60_000);
      caches.push((await streamed(weir, way, HOUR)).heard.receipt?.['cache']);
    }
    expect(caches).toEqual(['miss', 'hit', 'miss']);
  });

  test(`C3 ${way.entry}: what nobody asked to keep is not kept`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    for (let call = 0; call < 2; call++)
      expect((await streamed(weir, way, {})).heard.receipt).toMatchObject({ cache: 'bypass' });
    expect(upstream.requests).toHaveLength(2);
    expect(weir.dynamoDb.requests.filter(({ body }) => body.includes('-cache"'))).toEqual([]);
  });

  test(`C9 ${way.entry}: the caller's policy keeps its answers, for itself alone, unless a request says no`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const policy: CallerPolicy = { cacheSeconds: 600 };
    const asks: [PolicyOptions, string][] = [
      [{ policy }, 'miss'],
      [{ policy }, 'hit'],
      [{ policy, caller: 'bob' }, 'miss'],
      [{ policy, headers: { 'x-weir-cache': 'no' } }, 'bypass'],
      [{ policy, headers: { 'X-Weir-Cache': 'OFF' } }, 'bypass'],
      [{}, 'bypass'],
    ];
    const cacheOf = async (options: PolicyOptions) => {
      const { raw } = await postWithPolicy(weir, way.entry, { ...way.body, stream: true }, options);
      return (await hearText(raw)).receipt?.['cache'];
    };
    for (const [options, cache] of asks) expect(await cacheOf(options), JSON.stringify(options)).toBe(cache);
    await weir.clock.advance(600_000);
    expect(await cacheOf({ policy })).toBe('miss');
    expect(upstream.requests).toHaveLength(6);
  });

  test.each(['', '0h', '1', '1w', 'yes', '31d', '-1h', '1h, 2h'])(
    `${way.entry}: x-weir-cache "%s" is a 400 that names it, and reaches nobody`,
    async (wish) => {
      await using upstream = await startScriptedUpstream();
      await using weir = await startWeir({ baseUrl: upstream.baseUrl });
      const reply = await weir.stream(way.entry, { ...way.body, stream: true }, { headers: { 'x-weir-cache': wish } });
      expect([reply.status, JSON.parse(await reply.text())]).toMatchObject([400, { error: { param: 'x-weir-cache' } }]);
      expect(upstream.requests).toHaveLength(0);
    },
  );

  test.each([
    ['refused', refusal('No.')],
    ['truncated', incomplete({ reason: 'max_output_tokens' })],
    ['filtered', incomplete({ reason: 'content_filter' })],
    ['a call of tools', answer({ toolCalls: [{ name: 'look', arguments: { at: 'weir' } }] })],
    ['text and a call of tools', answer({ text: 'Let me look.', toolCalls: [{ name: 'look', arguments: {} }] })],
  ])(`C3 ${way.entry}: a stream that is %s passes as it is, and is not kept`, async (_, step) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.otherwise(step);
    for (let call = 0; call < 2; call++) {
      const { heard } = await streamed(weir, way, HOUR);
      expect(heard.error).toBeUndefined();
      expect(heard.receipt).toMatchObject({ cache: 'miss', basis: 'exact' });
      const plain = await weir.post(way.entry, way.body, HOUR);
      expect([plain.status, plain.headers['x-weir-cache']]).toEqual([200, 'miss']);
    }
    expect(upstream.requests).toHaveLength(4);
    // Leads stood in the cache's table, and no answer.
    const isStored = ({ operation, body }: { readonly operation: string; readonly body: string }) =>
      operation === 'PutItem' && body.includes('-cache"') && body.includes('"body"');
    expect(weir.dynamoDb.requests.filter(isStored)).toEqual([]);
  });

  test(`C6 ${way.entry}: of 20 streams at once that ask to be kept one asks the upstream`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const environment = patientEnvironment(weir);
    const thinking = new Gate();
    upstream.script(stream({ chunks: CHUNKS, thinking }));
    const asked = Array.from({ length: 20 }, () => environment.stream(way.entry, { ...way.body, stream: true }, HOUR));
    await thinking.reached();
    await environment.reads.answered(20);
    thinking.open();
    for (const reply of await Promise.all(asked)) expect((await hear(reply)).text).toBe(CHUNKS.join(''));
    expect(upstream.requests).toHaveLength(1);
  });
}

test.each([false, true])(
  'C3 chat: a call of a tool that was demanded ends with "stop", and is not kept (stream: %s)',
  async (isStream) => {
    await using upstream = await startScriptedUpstream();
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const tool_calls = [{ index: 0, id: 'call_1', type: 'function', function: { name: 'pay', arguments: '{}' } }];
    const head = { id: 'chatcmpl-1', model: 'gpt-6-luna', usage: { prompt_tokens: 1, completion_tokens: 1 } };
    const message = { role: 'assistant', content: null, tool_calls };
    const chunks = [{ delta: message }, { delta: {}, finish_reason: 'stop' }];
    const events = chunks.map(
      (choice) => `data: ${JSON.stringify({ ...head, choices: [{ index: 0, ...choice }] })}\n\n`,
    );
    const plain = { ...head, choices: [{ index: 0, message, finish_reason: 'stop' }] };
    upstream.otherwise((exchange) => {
      if (!isStream) return send(exchange, 200, plain);
      send(exchange, 200, `${events.join('')}data: [DONE]\n\n`, { 'content-type': 'text/event-stream' });
    });
    for (let call = 1; call <= 2; call++) {
      const reply = await weir.post(CHAT.entry, { ...CHAT.body, stream: isStream }, HOUR);
      expect([reply.status, reply.raw.includes('"pay"'), upstream.requests.length]).toEqual([200, true, call]);
    }
  },
);

test('C5 a stream too long to be kept is given all the same, and asked for again', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise((exchange) => new Pouring({ chunks: 200, chunkBytes: 65_536 }).step(exchange));
  for (let call = 1; call <= 2; call++) {
    const { heard } = await streamed(weir, CHAT, HOUR);
    expect([heard.isWhole, heard.receipt?.['cache'], upstream.requests.length]).toEqual([true, 'miss', call]);
  }
});

test('C2 chat: who asks for the usage chunk is not given the stream of who does not', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const usage = { stream_options: { include_usage: true } };
  const [without, asked] = [await streamed(weir, CHAT, HOUR), await streamed(weir, CHAT, HOUR, usage)];
  expect(without.text).not.toContain('"usage"');
  expect(asked.text).toContain('"usage":{');
  expect([asked.heard.receipt?.['cache'], upstream.requests.length]).toEqual(['miss', 2]);
  expect((await streamed(weir, CHAT, HOUR)).text).not.toContain('"usage"');
  expect((await streamed(weir, CHAT, HOUR, usage)).text).toContain('"usage":{');
  expect(upstream.requests).toHaveLength(2);
});

test('C4 who asks for an answer to be kept for a minute is not given one that was kept for longer', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post(CHAT.entry, CHAT.body, HOUR);
  await weir.clock.advance(10 * 60_000);
  const minute = await weir.post(CHAT.entry, CHAT.body, { headers: { 'x-weir-cache': '60s' } });
  expect([minute.headers['x-weir-cache'], upstream.requests.length]).toEqual(['miss', 2]);
});
