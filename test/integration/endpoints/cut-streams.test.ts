import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failedResponse } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { hearText } from '../streaming/ways.ts';
import { ASKED_WAYS } from './asked-ways.ts';
import { FailingUpstream } from './failing-upstream.ts';

/** Whatever can be streamed ends alike when the upstream fails in its middle. An endpoint that is added is held to it too. */
const told = ASKED_WAYS.filter(({ isTold }) => isTold);

test('chat and the endpoints of one text can be streamed', () => {
  const names = told.map(({ endpoint }) => endpoint);
  expect(names).toEqual(expect.arrayContaining(['chat', 'describe-image', 'rewrite', 'summarize', 'translate']));
});

describe.each(told)('$way', (asked) => {
  let failing: FailingUpstream;
  beforeAll(async () => {
    failing = await FailingUpstream.start(asked);
  });
  afterAll(() => failing[Symbol.asyncDispose]());

  const chunks = ['A low ', 'wall.'];
  test.each([
    ['without its terminal event', stream({ chunks, end: 'no-terminal' }), 'upstream_protocol', 'estimated'],
    ['by a cut connection', stream({ chunks, end: 'cut' }), 'upstream_protocol', 'estimated'],
    ['by an error event', stream({ chunks, end: 'error-event' }), 'upstream_failed', 'estimated'],
    ['by saying that it failed', failedResponse({ text: 'A low wall.' }), 'upstream_failed', 'exact'],
  ])('S3 R1 an answer that ends %s is an error event, asked once, and paid for', async (_, step, code, basis) => {
    failing.fails(step);
    const { reply, requests, atHand } = await failing.ask();
    const { text, error, isWhole, receipt } = await hearText(reply.raw);
    expect([reply.status, text, error, isWhole, receipt]).toEqual([200, 'A low wall.', code, false, undefined]);
    expect(atHand).toHaveLength(1);
    const entry = (await failing.weir.ledger()).at(-1)!;
    expect([entry.outcome, entry.attempts.length, entry.attempts.at(-1)!.basis]).toEqual([
      code,
      requests.length,
      basis,
    ]);
    expect(entry.attempts.at(-1)!.costPico).toBeGreaterThan(0n);
    await failing.weir.clock.advance(1_000);
  });

  test('what was cut is not kept: the next call is asked for anew, and told to its end', async () => {
    failing.mends();
    const { reply, atHand } = await failing.ask();
    const { isWhole, receipt } = await hearText(reply.raw);
    expect([isWhole, receipt?.['basis'], atHand.length]).toEqual([true, 'exact', 1]);
    expect(asked.spec.output.safeParse(receipt?.['output']).error).toBeUndefined();
  });

  test('nothing is held any more, and what was told is what was spent', async () => {
    const budget = await failing.weir.budget(asked.endpoint);
    const spentPico = (await failing.weir.ledger()).reduce((sum, { costPico }) => sum + costPico, 0n);
    expect([[...budget!.holds], budget!.spentPico]).toEqual([[], spentPico]);
  });
});
