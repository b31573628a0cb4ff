import { expect, test } from 'vitest';
import { heldIn } from '#budgets/part.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { awsError, dropAnswer, dropRequest } from '#test/support/fault-proxy.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';
import { hear, WAYS } from './ways.ts';

const CHUNKS = ['A weir ', 'holds.'];
const RESERVE = { operation: 'UpdateItem', bodyIncludes: 'available - :max' };
const LEDGER = { operation: 'PutItem', bodyIncludes: '-ledger"' };
const SETTLE = { operation: 'UpdateItem', bodyIncludes: ':heldMinusActual' };
/** Every hold has expired by then. */
const LONG_AFTER_MS = 30 * 60_000;

for (const way of WAYS) {
  test.each([
    ['the ledger cannot be written', LEDGER, dropRequest, 'unknown'],
    ['nobody hears that the ledger was written', LEDGER, dropAnswer, 'exact'],
    ['the counter cannot be written', SETTLE, dropRequest, 'exact'],
    ['nobody hears that the counter was written', SETTLE, dropAnswer, 'exact'],
  ] as const)(
    `L5 ${way.entry}: a stream is given to its end where %s, and its books are closed later`,
    async (_, which, fault, basis) => {
      await using upstream = await startScriptedUpstream({ prices: tieredPrices });
      await using weir = await startWeir({ baseUrl: upstream.baseUrl });
      upstream.script(stream({ chunks: CHUNKS }));
      weir.dynamoDb.rules.push({ ...which, fault });
      const reply = await weir.stream(way.entry, { ...way.body, stream: true });
      const heard = await hear(reply);
      expect([heard.text, heard.isWhole, heard.error]).toEqual([CHUNKS.join(''), true, undefined]);
      expect(await reply.settled).toBeUndefined();
      expectBalanced(await weir.budget(way.entry));

      weir.dynamoDb.reset();
      await weir.clock.advance(LONG_AFTER_MS);
      await weir.runSchedule('finance/sweep-budgets');
      const counter = expectBalanced(await weir.budget(way.entry));
      const [entry, ...others] = await weir.ledger();
      expect([others, heldIn(counter), entry!.basis]).toEqual([[], 0n, basis]);
      expect(counter.spentPico).toBe(entry!.costPico);
      expect(entry!.costPico).toBeGreaterThanOrEqual(upstream.bill.totalPico);
    },
  );

  test(`L4 ${way.entry}: a budget that cannot be read is a 503 before any byte, and reaches nobody`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    weir.dynamoDb.rules.push({ ...RESERVE, fault: awsError('InternalServerError', { status: 500 }) });
    const reply = await weir.stream(way.entry, { ...way.body, stream: true });
    const text = await reply.text();
    expect([reply.status, upstream.requests.length, text.includes('budget_unavailable')]).toEqual([503, 0, true]);
    expect(await reply.settled).toBeUndefined();
    expect(weir.clock.pending).toBe(0);
  });
}
