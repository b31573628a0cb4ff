import { expect, test } from 'vitest';
import type { AnswerCache } from '#cache/answer-cache.ts';
import { LocalLeads } from '#cache/local-leads.ts';
import type { Asked } from '#cache/lead-store.ts';
import { CallLeads, Lead } from '#call/lead.ts';
import { FakeClock } from '#test/support/fake-clock.ts';

/** A lead over `key` whose renewals are answered as the test says. */
function leadOver(clock: FakeClock, renew: () => Promise<Asked> = () => Promise.resolve('done')) {
  const here = new LocalLeads();
  const cache = { here, leads: { renew } } as unknown as AnswerCache;
  return new Lead({ key: 'key', parts: ['key'], leader: 'a-call', local: here.begin('key'), cache, clock });
}

test('C6 a call that leads does not wait, and one that waits does not lead', async () => {
  const clock = new FakeClock();
  const leads = new CallLeads(clock);
  expect([leads.mayLead, leads.mayWait]).toEqual([true, true]);

  const lead = leadOver(clock);
  leads.add(lead);
  expect([leads.mayLead, leads.mayWait]).toEqual([true, false]);
  leads.drop(lead);
  expect([leads.mayLead, leads.mayWait]).toEqual([true, true]);

  const { promise, resolve } = Promise.withResolvers<void>();
  const waiting = leads.wait(promise);
  expect([leads.mayLead, leads.mayWait]).toEqual([false, true]);
  resolve();
  await waiting;
  expect([leads.mayLead, leads.mayWait]).toEqual([true, true]);

  leads.add(lead);
  expect(leads.close()).toEqual([lead]);
  expect([leads.mayLead, leads.mayWait]).toEqual([false, false]);
});

test('C6 the time of waits that overlap counts once, and that of one that fails too', async () => {
  const clock = new FakeClock();
  const leads = new CallLeads(clock);
  expect(leads.waitedMs).toBeUndefined();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const waits = [leads.wait(first.promise), leads.wait(second.promise).catch(() => undefined)];
  await clock.advance(100);
  first.resolve();
  await waits[0];
  await clock.advance(50);
  second.reject(new Error('the deadline'));
  await waits[1];
  await clock.advance(1_000);
  await leads.wait(Promise.resolve());
  expect(leads.waitedMs).toBe(150);
});

test.each([
  ['done', 3],
  ['unanswered', 3],
  ['refused', 1],
] as const)('C6 a renewal that is %s: three lease parts later there were %i', async (answer, expected) => {
  const clock = new FakeClock();
  let renewals = 0;
  const lead = leadOver(clock, () => {
    renewals += 1;
    return Promise.resolve(answer);
  });
  lead.keep();
  for (let turn = 0; turn < 3; turn++) await clock.advance(2_000);
  expect(renewals).toBe(expected);
  await lead.stop();
  await clock.advance(10_000);
  expect([renewals, clock.pending]).toEqual([expected, 0]);
});

test('S6 the end of a lead waits for a renewal that is under way, and none follows', async () => {
  const clock = new FakeClock();
  const { promise, resolve } = Promise.withResolvers<Asked>();
  const lead = leadOver(clock, () => promise);
  lead.keep();
  await clock.advance(2_000);
  let isStopped = false;
  const stopping = lead.stop().then(() => (isStopped = true));
  await clock.advance(0);
  expect(isStopped).toBe(false);
  resolve('done');
  await stopping;
  expect(clock.pending).toBe(0);
});

test('C6 a lead that is granted when its call is over already renews nothing, and leaves no timer', async () => {
  const clock = new FakeClock();
  let renewals = 0;
  const lead = leadOver(clock, () => Promise.resolve((renewals++, 'done' as const)));
  await lead.stop();
  lead.keep();
  await clock.advance(60_000);
  expect([renewals, clock.pending]).toEqual([0, 0]);
});
