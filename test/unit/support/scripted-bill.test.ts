import { expect, test } from 'vitest';
import { Bill, type BilledWork, type ScriptedUsage } from '#test/support/scripted-bill.ts';

const row = { input: 100n, cachedInput: 10n, cacheWriteInput: 125n, cacheWrite12hInput: 200n, output: 800n };

const usage: ScriptedUsage = {
  inputTokens: 1000,
  cachedTokens: 300,
  cacheWriteTokens: 50,
  cacheWrite12hTokens: 20,
  outputTokens: 7,
  reasoningTokens: 5,
};

function charge(bill: Bill, work: Partial<BilledWork> = {}) {
  return bill.charge({ requestId: 'req', kind: 'responses', model: 'm', serviceTier: 'default', usage, ...work });
}

test('every kind of token has its price, and none is counted twice', () => {
  const bill = new Bill({ m: row });
  charge(bill);
  expect(bill.totalPico).toBe(650n * 100n + 300n * 10n + 30n * 125n + 20n * 200n + 7n * 800n);
});

test('cache writes cost what input costs, where the table does not say', () => {
  const bill = new Bill({ m: { input: 100n, cachedInput: 10n, output: 800n } });
  charge(bill);
  expect(bill.totalPico).toBe(700n * 100n + 300n * 10n + 7n * 800n);
});

test('a price may depend on the tier that served and on the length', () => {
  const half = { ...row, input: 50n };
  const bill = new Bill({ m: ({ serviceTier }) => (serviceTier === 'flex' ? half : row) });
  const [flex, standard] = [charge(bill, { serviceTier: 'flex' }), charge(bill)];
  expect(standard.pico - flex.pico).toBe(650n * 50n);
});

test('a line that grows is priced anew', () => {
  const bill = new Bill({ m: row });
  const line = charge(bill);
  bill.recharge(line, { ...usage, outputTokens: 8 });
  expect(bill.lines).toHaveLength(1);
  expect(bill.totalPico).toBe(650n * 100n + 300n * 10n + 30n * 125n + 20n * 200n + 8n * 800n);
});

test('the delivered part is what clients can know', () => {
  const bill = new Bill({ m: row });
  const [first] = [charge(bill), charge(bill)];
  bill.deliver(first, true);
  expect(bill.deliveredPico * 2n).toBe(bill.totalPico);
});

test('work without a price is on the bill, whose total then cannot be asked for', () => {
  const bill = new Bill({ m: row });
  charge(bill, { model: 'unheard of' });
  expect(bill.lines).toHaveLength(1);
  expect(() => bill.totalPico).toThrow('no price for unheard of');
});
