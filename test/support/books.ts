import { expect } from 'vitest';
import type { Attempt, Basis } from '#ledger/entry.ts';
import type { Clock } from '#platform/clock.ts';
import type { ScriptedUpstream } from './scripted-upstream.ts';
import type { Weir } from './weir.ts';

/**
 * Weir's books and the upstream's own bill agree: every request is an attempt in the ledger, what the upstream delivered
 * is there to the pico-dollar, what it billed and did not deliver stands as `unknown` at no less, and the counter of the
 * budget has spent the ledger's sum and holds nothing.
 */
export async function expectBooksToAgree(
  weir: Weir<Clock>,
  upstream: ScriptedUpstream,
  endpoint = 'summarize',
): Promise<void> {
  const entries = await weir.ledger();
  const attempts = entries.flatMap((entry) => entry.attempts);
  const { bill, requests } = upstream;
  expect(attempts).toHaveLength(requests.length);
  expect(sum(ofBasis(attempts, 'exact'))).toBe(bill.deliveredPico);

  const lost = descending(bill.lines.filter((line) => !line.delivered).map((line) => line.pico));
  const unknown = descending(ofBasis(attempts, 'unknown'));
  expect(unknown.length).toBeGreaterThanOrEqual(lost.length);
  for (const [at, pico] of lost.entries()) expect(unknown[at]).toBeGreaterThanOrEqual(pico);

  for (const entry of entries) {
    expect(entry.costPico).toBe(sum(entry.attempts.map(({ costPico }) => costPico)));
    expect(entry.unknownPico).toBe(sum(ofBasis(entry.attempts, 'unknown')));
  }
  const spentPico = sum(entries.map((entry) => entry.costPico));
  const counter = await weir.budget(endpoint);
  if (!counter) return expect(requests).toHaveLength(0);
  expect(counter.spentPico).toBe(spentPico);
  expect(counter.availablePico).toBe(counter.limitPico - spentPico);
  expect([...counter.holds]).toEqual([]);
}

function ofBasis(attempts: readonly Attempt[], basis: Basis): bigint[] {
  return attempts.filter((attempt) => attempt.basis === basis).map((attempt) => attempt.costPico);
}

function descending(amounts: readonly bigint[]): bigint[] {
  return amounts.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0));
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
