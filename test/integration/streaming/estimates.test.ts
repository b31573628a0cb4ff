import { expect, test } from 'vitest';
import { Gate } from '#test/support/scripted-gate.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';
import { CHAT, hear, RESPONSES, WAYS } from './ways.ts';

/** An estimate is never further off than this, in either direction. */
const FACTOR = 2;

const TEXTS: [string, readonly string[]][] = [
  ['English', 'A weir is a low wall across a river; everything that passes is held to a level. '.match(/\s*\S+/g)!],
  ['German', 'Ein Wehr ist eine niedrige Mauer quer durch einen Fluss, die das Wasser staut. '.match(/\s*\S+/g)!],
  ['Chinese', Array.from('堰是横跨河流的矮墙，一切经过的东西都被保持在一个水平上，并被测量。')],
  [
    'code',
    'const weir = (river) => river.map(({ level }) => Math.min(level, 7));\n'.match(/\s*\w+|\s*[^\w\s]+|\s+$/g)!,
  ],
  ['large pieces', ['A weir is a low wall across a river. '.repeat(40)]],
];

function farOff(estimated: bigint, billed: bigint): number {
  const ratio = Number(estimated) / Number(billed);
  return Math.max(ratio, 1 / ratio);
}

for (const way of WAYS) {
  test.each(TEXTS)(
    `L8 ${way.entry}: a stream of %s that is cut anywhere is charged by an estimate`,
    async (_, words) => {
      const pieces = Array.from({ length: 8 }, () => words).flat();
      for (const share of [0.1, 0.5, 1]) {
        await using upstream = await startScriptedUpstream({ prices: tieredPrices });
        await using weir = await startWeir({ baseUrl: upstream.baseUrl });
        const chunks = pieces.slice(0, Math.ceil(pieces.length * share));
        upstream.script(stream({ chunks, end: 'cut' }));
        await hear(await weir.stream(way.entry, { ...way.body, stream: true }));
        const [entry] = await weir.ledger();
        expect(entry!.basis).toBe('estimated');
        expect(farOff(entry!.costPico, upstream.bill.totalPico), `${entry!.costPico} at ${share}`).toBeLessThan(FACTOR);
      }
    },
  );

  test(`L8 ${way.entry}: what the model thought before it wrote is counted by its time`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const thinking = new Gate();
    upstream.script(stream({ chunks: ['A weir.'], end: 'cut', thinking }));
    const opened = weir.stream(way.entry, { ...way.body, stream: true });
    await thinking.reached();
    await weir.clock.advance(9_000);
    thinking.open();
    await hear(await opened);
    const [entry] = await weir.ledger();
    // A model writes some 100 tokens a second, seen or not.
    expect(entry!.basis).toBe('estimated');
    expect(entry!.usage.outputTokens).toBeGreaterThanOrEqual(900);
    expect(entry!.usage.outputTokens).toBeLessThanOrEqual(910);
  });

  test(`L8 ${way.entry}: however long it thought, the estimate keeps within what the model was allowed`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const thinking = new Gate();
    upstream.script(stream({ chunks: ['A weir.'], end: 'cut', thinking }));
    const opened = weir.stream(way.entry, { ...way.body, stream: true }, { remainingMs: 900_000 });
    await thinking.reached();
    await weir.clock.advance(50_000);
    thinking.open();
    await hear(await opened);
    const [entry] = await weir.ledger();
    expect([entry!.basis, entry!.usage.outputTokens]).toEqual(['estimated', 2_000]);
  });

  test(`L8 ${way.entry}: a whole stream that bears no usage is charged by an estimate`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const chunks = TEXTS[0]![1];
    upstream.script(stream({ chunks, usage: 'absent' }));
    const heard = await hear(await weir.stream(way.entry, { ...way.body, stream: true }));
    expect(heard.receipt).toMatchObject({ basis: 'estimated' });
    const [entry] = await weir.ledger();
    expect(entry).toMatchObject({ outcome: 'completed', basis: 'estimated' });
    expect(farOff(entry!.costPico, upstream.bill.totalPico)).toBeLessThan(FACTOR);
  });

  test(`L10 ${way.entry}: the usage at a stream's end is the price: cached, written and reasoning tokens, and the served tier`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const usage = {
      inputTokens: 1_000,
      cachedTokens: 200,
      cacheWriteTokens: 300,
      outputTokens: 500,
      reasoningTokens: 400,
    };
    upstream.script(stream({ usage, serviceTier: 'flex', model: 'gpt-5.6-luna' }));
    const heard = await hear(await weir.stream(way.entry, { ...way.body, stream: true }));
    expect(heard.receipt).toMatchObject({ basis: 'exact' });
    const [entry] = await weir.ledger();
    expect(entry).toMatchObject({ model: 'gpt-5.6-luna', basis: 'exact', costPico: upstream.bill.totalPico });
    expect(entry!.attempts[0]).toMatchObject({ serviceTier: 'flex', modelServed: 'gpt-5.6-luna' });
  });
}

test('L8 chat: every choice is counted', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const chunks = Array.from({ length: 6 }, () => TEXTS[0]![1]).flat();
  upstream.script(stream({ chunks, end: 'cut' }));
  await hear(await weir.stream(CHAT.entry, { ...CHAT.body, n: 4, stream: true }));
  const [entry] = await weir.ledger();
  expect(entry!.basis).toBe('estimated');
  expect(farOff(entry!.costPico, upstream.bill.totalPico)).toBeLessThan(FACTOR);
});

test.each([CHAT, RESPONSES])('L8 $entry: arguments of tools and refusals are counted as words are', async (way) => {
  const toolCalls = [{ name: 'look', arguments: { at: 'the weir, and everything that passes it '.repeat(20) } }];
  const refused = { chunks: Array.from({ length: 12 }, () => TEXTS[0]![1]).flat(), refusal: true };
  for (const said of [{ toolCalls }, refused]) {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(stream({ ...said, end: 'cut' }));
    await hear(await weir.stream(way.entry, { ...way.body, stream: true }));
    const [entry] = await weir.ledger();
    expect(entry!.basis).toBe('estimated');
    expect(farOff(entry!.costPico, upstream.bill.totalPico)).toBeLessThan(FACTOR);
  }
});

test.each([false, true])(
  'L8 chat: a file is charged at what was held for it, for nobody here can count it (leaves: %s)',
  async (leaves) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const file = { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA' } };
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, file] }];
    upstream.script(stream({ chunks: ['A weir.'], end: leaves ? 'stall' : 'cut' }));
    const reply = await weir.stream(CHAT.entry, { ...CHAT.body, messages, stream: true });
    if (leaves) {
      for (let read = ''; !read.includes('A weir.');) read += String((await reply.chunks.next()).value);
      reply.leave();
    } else await hear(reply);
    await reply.settled;
    const [entry] = await weir.ledger();
    // The context window of the model, 1,050,000 tokens, at $0.10 a million and more.
    expect(entry!.costPico).toBeGreaterThanOrEqual(1_050_000n * 100_000n);
    expect(entry!.basis).toBe('unknown');
  },
);

test('L8 chat: pictures are counted where a stream is cut', async () => {
  const costOf = async (content: readonly object[]) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(stream({ chunks: ['A weir.'], end: 'cut' }));
    await hear(await weir.stream(CHAT.entry, { ...CHAT.body, messages: [{ role: 'user', content }], stream: true }));
    const [entry] = await weir.ledger();
    expect(entry!.basis).toBe('estimated');
    return entry!.usage.inputTokens;
  };
  const text = { type: 'text', text: 'What is this?' };
  const picture = { type: 'image_url', image_url: { url: 'https://example.com/weir.png' } };
  expect((await costOf([text, picture, picture])) - (await costOf([text]))).toBeGreaterThanOrEqual(2 * 1_000);
});
