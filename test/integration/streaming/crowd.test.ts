import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import { patientEnvironment } from '#test/support/patient-environment.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { choose } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';
import { hear, WAYS, type Way } from './ways.ts';

/** The body of a way, with a topic that the upstream finds again. */
function about(way: Way, topic: string): object {
  if (way.entry === 'summarize') return { text: topic };
  return way.entry === 'openai/responses'
    ? { ...way.body, input: topic }
    : { ...way.body, messages: [{ role: 'user', content: topic }] };
}

for (const way of WAYS) {
  test(`${way.entry}: 40 streams at once, written in turn, piece by piece: none is lost, and none has a word of another`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const environment = patientEnvironment(weir);
    const count = 40;
    const rounds = Array.from({ length: 5 }, () => new Gate());
    upstream.otherwise(
      choose(({ rawBody }) => {
        const topic = /topic-\d+-/.exec(rawBody)![0];
        const chunks = (async function* () {
          for (const [at, round] of rounds.entries()) {
            // All have written their piece of the round before any writes the next.
            void round.pass();
            await round.reached(count);
            yield `${topic}piece-${at} `;
          }
        })();
        return stream({ chunks });
      }),
    );
    const texts = await Promise.all(
      Array.from({ length: count }, async (_, at) => {
        const reply = await environment.stream(way.entry, { ...about(way, `topic-${at}-`), stream: true });
        const heard = await hear(reply);
        expect([heard.isWhole, await reply.settled]).toEqual([true, undefined]);
        return heard.text;
      }),
    );
    const expected = Array.from({ length: count }, (_, at) => rounds.map((__, round) => `topic-${at}-piece-${round} `));
    expect(texts).toEqual(expected.map((pieces) => pieces.join('')));
    await expectBooksToAgree(weir, upstream, way.entry);
    expect(weir.clock.pending).toBe(0);
  });
}
