import { expect, test } from 'vitest';
import { haiku, serving, type HaikuTerms } from '#test/support/haiku.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { badRequest } from '#test/support/scripted-failures.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { storedTexts } from '#test/support/stored-texts.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const ADA = 'ada@example.com';
const echo = choose(({ body }) => answer({ text: `On ${(body.input as { content: string }[])[0]!.content}` }));
/** Under a name whose queues exist. */
const endpoint = (terms: HaikuTerms) => ({ summarize: haiku(terms) });

test('D1 a reversible endpoint leaves its answer on a queue masked: originals are for who waits for them', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(echo);
  const environment = serving(weir, endpoint({ redact: 'reversible', deterministic: { ttlSeconds: 60 } }));
  const { failed } = await environment.sqs('summarize', [{ id: 'one', input: { topic: `a mail to ${ADA}` } }]);
  expect(failed).toEqual([]);
  expect(await weir.queues.results('summarize')).toMatchObject([
    { id: 'one', ok: true, output: { haiku: 'On a mail to [EMAIL]' } },
  ]);
  expect((await storedTexts(weir)).join('\n')).not.toContain(ADA);
  expect(weir.lines.join('\n')).not.toContain(ADA);
});

test.each([
  ['off', ADA],
  ['mask', '[EMAIL]'],
] as const)('D1 a dead letter of an endpoint with the policy %s holds %s', async (redact, held) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(badRequest());
  const environment = serving(weir, endpoint({ redact }));
  const message = { id: 'one', input: { topic: `a mail to ${ADA}` } };
  await environment.sqs('summarize', [message], { receives: 3 });
  const [letter] = await weir.queues.deadLetters();
  expect(JSON.parse(letter!['body'] as string)).toEqual({ id: 'one', input: { topic: `a mail to ${held}` } });
});

test('a message that is blocked is buried with its kind and place, without a value', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, endpoint({ redact: 'block' }));
  await environment.sqs('summarize', [{ id: 'one', input: { topic: `a mail to ${ADA}` } }], { receives: 3 });
  const letters = JSON.stringify(await weir.queues.deadLetters());
  expect(letters).toContain('topic holds EMAIL at 10 to 25');
  expect(letters).not.toContain(ADA);
  const told = JSON.stringify(await weir.queues.results('summarize'));
  expect(told).toContain('input_blocked');
  expect(told).not.toContain(ADA);
  expect(upstream.requests).toEqual([]);
});
