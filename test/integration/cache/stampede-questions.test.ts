import { expect, test } from 'vitest';
import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import { small } from '#edge/models.ts';
import { systemClock } from '#platform/clock.ts';
import { expectBooksToAgree } from '#test/support/books.ts';
import { badRequest, serverError } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer, choose, hang } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import { cachesOf, environmentsOf } from '#test/support/stampede.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const RAIN = answer({ json: { word: 'rain' } });
/** One question is answered with half of an answer, and one never. */
const byQuestion = choose(({ rawBody }) => {
  if (rawBody.includes('wrong')) return answer({ finish: 'length' });
  return rawBody.includes('slow') ? hang() : RAIN;
});

/** Asks its questions one after the other, or all at once where the last is `!`: but all behind the first when `others` opens. */
const askingOthersAt = (others?: Gate) =>
  defineEndpoint({
    summary: 'Asks what the test wants asked.',
    input: z.strictObject({ questions: z.array(z.string()) }),
    output: z.strictObject({ words: z.array(z.string()) }),
    example: { questions: ['one'] },
    model: small,
    limits: { timeoutMs: 25_000, maxOutputTokens: 100 },
    deterministic: { ttlSeconds: 60 },
    async run({ questions }, call) {
      const ask = async (input: string) => {
        const output = z.strictObject({ word: z.string() });
        return (await call.respond({ instructions: 'One word.', input, output })).word;
      };
      const askAtOnce = async (question: string, at: number) => {
        if (at > 0) await others?.pass();
        return ask(question);
      };
      if (questions.at(-1) === '!') return { words: await Promise.all(questions.slice(0, -1).map(askAtOnce)) };
      const words: string[] = [];
      for (const question of questions) words.push(await ask(question));
      return { words };
    },
  });
const asking = askingOthersAt();

test.each([
  ['in one process', 1],
  ['in two', 2],
])('C6 calls that ask the same in another order, %s, do not wait for each other', async (_, processes) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environments = environmentsOf(weir, processes, { endpoints: { asking } });
  const gate = new Gate();
  upstream.otherwise(answer({ gate, json: { word: 'rain' } }));
  const calls = [
    environments[0].post('asking', { questions: ['one', 'two'] }),
    environments.at(-1)!.post('asking', { questions: ['two', 'one'] }),
  ];
  await gate.reached(2);
  gate.open();
  expect(cachesOf(await Promise.all(calls))).toEqual(['200 miss', '200 miss']);
  await expectBooksToAgree(weir, upstream, 'asking');
  expect(weir.clock.pending).toBe(0);
});

test('C6 a call that asks the same twice, one after the other or at once, does not wait for itself', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [environment] = environmentsOf(weir, 1, { endpoints: { asking } });
  upstream.otherwise(RAIN);
  const inTurn = await environment.post('asking', { questions: ['one', 'one'] });
  const atOnce = await environment.post('asking', { questions: ['two', 'two', 'two', '!'] });
  expect(cachesOf([inTurn, atOnce])).toEqual(['200 miss', '200 miss']);
  expect(cachesOf([await environment.post('asking', { questions: ['one', 'two'] })])).toEqual(['200 hit']);
  expect(weir.clock.pending).toBe(0);
});

test('C6 a question that is given up while it leads keeps nobody waiting', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = environmentsOf(weir, 2, { endpoints: { asking } });
  upstream.otherwise(byQuestion);
  // One of three fails, so its call is over: the slow one, over which it leads, is ended with it.
  const failed = await first.post('asking', { questions: ['slow', 'right', 'wrong', '!'] });
  expect([failed.status, weir.clock.pending]).toEqual([502, 0]);
  upstream.otherwise(RAIN);
  expect(cachesOf([await second!.post('asking', { questions: ['slow', 'right'] })])).toEqual(['200 miss']);
  expect(weir.clock.pending).toBe(0);
});

test.each([
  ['in its own process', 1],
  ['in another', 2],
])('C6 a question that is given up while it waits for one %s does not keep its call', async (_, processes) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const others = new Gate();
  const environments = environmentsOf(weir, processes, { endpoints: { asking: askingOthersAt(others) } });
  upstream.otherwise(byQuestion);
  const [leaders, waiters] = [environments[0], environments.at(-1)!];
  const leading = leaders.post('asking', { questions: ['slow'] });
  await upstream.received();
  const failing = waiters.post('asking', { questions: ['slow', 'wrong', '!'] });
  // Who leads does not wait, so the call asks its other question when the first one waits.
  await waiters.reads.answered(leaders === waiters ? 2 : 1);
  others.open();
  const failed = await failing;
  expect([failed.status, upstream.requests.length]).toEqual([502, 2]);
  // What is left is the leader's: its deadline and its renewal.
  expect(weir.clock.pending).toBe(2);
  await weir.clock.advance(25_000);
  expect([(await leading).status, weir.clock.pending]).toEqual([504, 0]);
});

test('C6 whatever many calls ask, in whatever order, and whatever fails: none waits for ever, and the books agree', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, clock: systemClock });
  const random = seededRandom(6);
  const below = (limit: number) => Math.floor(random() * limit);
  upstream.otherwise((exchange) => {
    const steps = [RAIN, RAIN, RAIN, badRequest(), serverError(), answer({ finish: 'length' })] as const;
    return (steps[below(steps.length)] ?? RAIN)(exchange);
  });
  const environments = environmentsOf(weir, 3, { endpoints: { asking } });
  for (let round = 0; round < 3; round++) {
    const calls = Array.from({ length: 24 }, (_, at) => {
      const questions = Array.from({ length: 1 + below(4) }, () => `${round} ${below(4)}`);
      if (below(2) === 0) questions.push('!');
      return environments[at % 3]!.post('asking', { questions });
    });
    const unexpected = (await Promise.all(calls)).filter(({ status }) => ![200, 400, 502].includes(status));
    expect(unexpected.map(({ status, body }) => [status, body['code']])).toEqual([]);
  }
  // A question that is ended while its answer comes in counts at its bound: the ledger has at least what was billed.
  const ledgerPico = (await weir.ledger()).reduce((sum, { costPico }) => sum + costPico, 0n);
  expect(ledgerPico).toBeGreaterThanOrEqual(upstream.bill.totalPico);
  const counter = await weir.budget('asking');
  expect([counter?.spentPico, counter?.holds.size]).toEqual([ledgerPico, 0]);
});
