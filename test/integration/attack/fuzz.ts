import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Target } from './targets.ts';

/** For all fuzz tests together: two minutes in CI. Two files run at a time, so that it takes about half of that. */
const SECONDS = Number(process.env['WEIR_FUZZ_SECONDS'] ?? (process.env['CI'] === 'true' ? 120 : 10));
const GIVEN_SEED = process.env['WEIR_FUZZ_SEED'];
const LEAST_RUNS = 30;
const MOST_RUNS = 1_000_000;

export interface Fuzz<Given> {
  /** Of the time of all fuzz tests. */
  readonly share: number;
  readonly given: fc.Arbitrary<Given>;
  /** Throws where it does not hold. */
  readonly holds: (given: Given) => Promise<void>;
  /** What once failed, and is tried first each time. */
  readonly failedOnce?: readonly Given[];
}

/**
 * A test that throws at something what it is given, for its share of the time. Seeds differ from run to run; a failure prints its own,
 * to be replayed:
 *
 *     WEIR_FUZZ_SEED=1234 npm test -- test/integration/attack/fuzz-wire.test.ts
 */
export function fuzz<Given>(name: string, { share, given, holds, failedOnce = [] }: Fuzz<Given>): void {
  const limitMs = SECONDS * share * 1_000;
  const timeoutMs = limitMs + 60_000;
  test(name, { timeout: timeoutMs }, async () => {
    const seed = GIVEN_SEED === undefined ? Date.now() % 2 ** 31 : Number(GIVEN_SEED);
    const startedMs = Date.now();
    const spentMs = () => Date.now() - startedMs;
    let runs = 0;
    const property = fc.asyncProperty(given, async (one) => {
      runs++;
      await holds(one);
    });
    const check = async (parameters: fc.Parameters<[Given]>) => {
      const details = await fc.check(property, { seed, examples: failedOnce.map((one) => [one]), ...parameters });
      if (!details.failed) return;
      const again = `WEIR_FUZZ_SEED=${seed} WEIR_FUZZ_SECONDS=${SECONDS} plays it again, if nothing else has changed\n`;
      throw new Error(again + fc.defaultReportMessage(details), { cause: details.errorInstance });
    };
    // However busy the machine: a test that did less would show nothing.
    await check({ numRuns: LEAST_RUNS });
    const leftMs = limitMs - spentMs();
    if (leftMs > 0) {
      await check({ numRuns: MOST_RUNS, interruptAfterTimeLimit: leftMs, markInterruptAsFailure: false });
    }
    console.log(`fuzz: ${runs} runs in ${Math.round(spentMs() / 1_000)} s: ${name}`);
    expect(runs).toBeGreaterThanOrEqual(LEAST_RUNS);
  });
}

/** One of these targets, told by its name in a counterexample. */
export function oneOf(targets: readonly Target[]): fc.Arbitrary<Target> {
  const told = targets.map((target) => Object.assign({}, target, { [fc.toStringMethod]: () => target.name }));
  return fc.constantFrom(...told);
}
