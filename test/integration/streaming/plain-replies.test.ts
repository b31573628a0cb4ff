import { expect, test } from 'vitest';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';
import { WAYS } from './ways.ts';

for (const way of WAYS) {
  test.each(['', 'x'])(
    `S2 ${way.entry}: a long plain reply of a route that streams is whole, wherever it is cut (%s)`,
    async (before) => {
      await using upstream = await startScriptedUpstream({ prices: tieredPrices });
      await using weir = await startWeir({ baseUrl: upstream.baseUrl });
      const text = before + '🏞️堰 '.repeat(20_000).trim();
      upstream.script(answer({ text }));
      const reply = await weir.post(way.entry, way.body);
      expect(reply.status).toBe(200);
      expect(reply.raw.includes('\ufffd')).toBe(false);
      expect(reply.raw.includes(text)).toBe(true);
    },
  );

  test(`S5 ${way.entry}: a caller who leaves in the middle of a plain reply does not hold the function`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(answer({ text: 'The weir holds. '.repeat(200_000) }));
    const reply = await weir.stream(way.entry, way.body);
    expect(reply.status).toBe(200);
    await reply.chunks.next();
    reply.leave();
    expect(await reply.settled).toBeUndefined();
    expect((await weir.ledger()).map(({ outcome, basis }) => `${outcome} ${basis}`)).toEqual(['completed exact']);
    expect(weir.clock.pending).toBe(0);
  });
}
