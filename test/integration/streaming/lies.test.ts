import { expect, test } from 'vitest';
import { heldIn } from '#budgets/part.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { send, type Step } from '#test/support/scripted-exchange.ts';
import { plainReply } from '#test/support/scripted-lies.ts';
import { failedResponse, htmlWith200 } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';
import { CHAT, hear, RESPONSES, SUMMARIZE, WAYS, type Way } from './ways.ts';

const CHUNKS = ['A weir ', 'is a ', 'low wall.'];
/** A caller that has its answers kept, where the route does not do so by itself. */
const KEPT = { headers: { 'x-weir-cache': '1h' } };

const LIES: [string, Step, string][] = [
  ['the line is cut', stream({ chunks: CHUNKS, end: 'cut' }), 'upstream_protocol'],
  ['it ends without its last event', stream({ chunks: CHUNKS, end: 'no-terminal' }), 'upstream_protocol'],
  ['it ends with an error event', stream({ chunks: CHUNKS, end: 'error-event' }), 'upstream_failed'],
];

for (const way of WAYS) {
  test.each(LIES)(
    `S3 ${way.entry}: after the first byte, when %s: a typed error, one attempt`,
    async (_, lie, code) => {
      await using upstream = await startScriptedUpstream({ prices: tieredPrices });
      await using weir = await startWeir({ baseUrl: upstream.baseUrl });
      upstream.script(lie);
      const reply = await weir.stream(way.entry, { ...way.body, stream: true }, KEPT);
      const heard = await hear(reply);
      expect([reply.status, heard.text, heard.error, heard.isWhole]).toEqual([200, CHUNKS.join(''), code, false]);
      expect(await reply.settled).toBeUndefined();
      await expectOneEstimate(weir, upstream, way, code);
      await expectNotStored(weir, upstream, way);
    },
  );

  test.each<[string, Step]>([
    ['HTML', htmlWith200()],
    ['a plain JSON reply', plainReply()],
    ['nothing but a head', eventStream('')],
    ['a comment', eventStream(': \n\n')],
  ])(`S3 ${way.entry}: %s with 200 in place of a stream: one more try, then a 502`, async (_, lie) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(lie, lie);
    const reply = await weir.stream(way.entry, { ...way.body, stream: true }, KEPT);
    const text = await reply.text();
    expect([reply.status, upstream.requests.length]).toEqual([502, 2]);
    expect(text).toContain('upstream_protocol');
    const [entry, ...others] = await weir.ledger();
    expect([others.length, entry?.outcome, entry?.attempts.length]).toEqual([0, 'upstream_protocol', 2]);
    expect(entry!.costPico).toBeGreaterThanOrEqual(upstream.bill.totalPico);
    expect(entry!.attempts.every(({ costPico }) => costPico > 0n)).toBe(true);
    await expectSettled(weir, way, entry!.costPico);
  });

  test(`S3 ${way.entry}: a lost first attempt and a good second make a whole stream`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(htmlWith200(), stream({ chunks: CHUNKS }));
    const reply = await weir.stream(way.entry, { ...way.body, stream: true }, KEPT);
    const heard = await hear(reply);
    expect([reply.status, heard.text, heard.isWhole]).toEqual([200, CHUNKS.join(''), true]);
    const [entry] = await weir.ledger();
    expect(entry!.attempts.map(({ basis, outcome }) => [basis, outcome])).toEqual([
      ['unknown', 'protocol'],
      ['exact', 'answered'],
    ]);
    expect(entry!.attempts[1]!.costPico).toBe(upstream.bill.deliveredPico);
    await expectSettled(weir, way, entry!.costPico);
  });
}

test('S3 summarize: a last event that repeats other words than were streamed is a lie', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(stream({ chunks: CHUNKS, terminalText: 'A weir is a high wall.' }));
  const reply = await weir.stream('summarize', { ...SUMMARIZE.body, stream: true });
  const heard = await hear(reply);
  expect([heard.error, heard.isWhole]).toEqual(['upstream_protocol', false]);
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ outcome: 'upstream_protocol', basis: 'exact', costPico: upstream.bill.totalPico });
  await expectNotStored(weir, upstream, SUMMARIZE);
});

test.each([
  ['never ended', `${chunk(0, 'stop')}${chunk(1, null)}`],
  ['never began', chunk(0, 'stop')],
])('S3 chat: of two choices the second %s, though the stream says it is done', async (_, chunks) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(eventStream(`${chunk(0, null)}${chunks}data: [DONE]\n\n`));
  const reply = await weir.stream(CHAT.entry, { ...CHAT.body, n: 2, stream: true }, KEPT);
  const heard = await hear(reply);
  expect([heard.error, heard.isWhole]).toEqual(['upstream_protocol', false]);
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ outcome: 'upstream_protocol', basis: 'estimated' });
  expect(entry!.costPico).toBeGreaterThan(0n);
  await expectNotStored(weir, upstream, CHAT);
});

test('S3 an answer that says at its end that it failed is charged by the usage it bears', async () => {
  for (const way of [SUMMARIZE, RESPONSES]) {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(failedResponse({ text: 'Half of it' }));
    const heard = await hear(await weir.stream(way.entry, { ...way.body, stream: true }, KEPT));
    expect([heard.text, heard.error, heard.isWhole]).toEqual(['Half of it', 'upstream_failed', false]);
    const entries = await weir.ledger();
    expect(entries).toMatchObject([{ outcome: 'upstream_failed', basis: 'exact', costPico: upstream.bill.totalPico }]);
    await expectNotStored(weir, upstream, way);
  }
});

test('S3 summarize: a line that is cut before the first word is not the end: nobody has heard anything', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(stream({ chunks: [], end: 'cut' }), stream({ chunks: CHUNKS }));
  const heard = await hear(await weir.stream('summarize', { ...SUMMARIZE.body, stream: true }));
  expect([heard.text, heard.isWhole, upstream.requests.length]).toEqual([CHUNKS.join(''), true, 2]);
  const [entry] = await weir.ledger();
  expect(entry!.attempts.map(({ basis }) => basis)).toEqual(['estimated', 'exact']);
  expect(entry!.attempts[0]!.costPico).toBeGreaterThan(0n);
});

test('S3 responses: words behind the last event are not passed on, and the answer stands', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(stream({ chunks: CHUNKS, end: 'afterthought' }));
  const heard = await hear(await weir.stream(RESPONSES.entry, { ...RESPONSES.body, stream: true }));
  expect([heard.text, heard.isWhole, heard.receipt?.['basis']]).toEqual([CHUNKS.join(''), true, 'exact']);
});

test('a connection that the upstream holds open behind its last event does not hold the reply', async () => {
  for (const way of WAYS) {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(stream({ chunks: CHUNKS, end: 'held' }));
    const reply = await weir.stream(way.entry, { ...way.body, stream: true });
    const heard = await hear(reply);
    expect([heard.text, heard.isWhole, await reply.settled]).toEqual([CHUNKS.join(''), true, undefined]);
    await weir.clock.advance(1_000);
    expect(await upstream.requests[0]!.ending).toBe('client left');
    expect((await weir.ledger())[0]).toMatchObject({ basis: 'exact', costPico: upstream.bill.totalPico });
  }
});

test('a quota error in mid-stream opens the breaker: the next call reaches nobody', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const error = {
    error: { message: 'You exceeded your quota.', type: 'insufficient_quota', code: 'insufficient_quota' },
  };
  upstream.script(eventStream(`${chunk(0, null)}data: ${JSON.stringify(error)}\n\n`));
  const heard = await hear(await weir.stream(CHAT.entry, { ...CHAT.body, stream: true }));
  expect(heard.error).toBe('upstream_quota');
  const next = await weir.stream(CHAT.entry, { ...CHAT.body, stream: true });
  expect([next.status, next.headers['x-should-retry'], upstream.requests.length]).toEqual([503, 'false', 1]);
});

function eventStream(text: string): Step {
  return (exchange) => send(exchange, 200, text, { 'content-type': 'text/event-stream' });
}

function chunk(index: number, finish: 'stop' | null): string {
  const choices = [{ index, delta: finish ? {} : { content: 'A weir' }, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', model: 'gpt-6-luna', choices, usage: null })}\n\n`;
}

async function expectOneEstimate(weir: Weir, upstream: ScriptedUpstream, way: Way, code: string): Promise<void> {
  const [entry, ...others] = await weir.ledger();
  expect([upstream.requests.length, others]).toEqual([1, []]);
  expect(entry).toMatchObject({ outcome: code, basis: 'estimated', attempts: [{ basis: 'estimated' }] });
  expect(entry!.costPico).toBeGreaterThan(0n);
  await expectSettled(weir, way, entry!.costPico);
}

async function expectSettled(weir: Weir, { entry }: Way, spentPico: bigint): Promise<void> {
  const counter = expectBalanced(await weir.budget(entry));
  expect([counter.spentPico, heldIn(counter)]).toEqual([spentPico, 0n]);
}

/** The next who asks the same is a miss, and gets a whole answer. */
async function expectNotStored(weir: Weir, upstream: ScriptedUpstream, way: Way): Promise<void> {
  const before = upstream.requests.length;
  const reply = await weir.stream(way.entry, { ...way.body, stream: true }, KEPT);
  const heard = await hear(reply);
  expect([heard.isWhole, heard.receipt?.['cache'], upstream.requests.length]).toEqual([true, 'miss', before + 1]);
}
