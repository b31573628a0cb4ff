import type { ModelTier } from '#edge/models.ts';
import { formatUsd } from '#platform/money.ts';
import type { DoneJob } from './run-jobs.ts';

/** How a model did. */
export interface Score {
  readonly model: string;
  /** Empty where it is no tier's. */
  readonly tier: string;
  readonly passed: number;
  readonly calls: number;
  readonly costPico: bigint;
  readonly medianMs: number;
  readonly slowestMs: number;
  /** Of each call that did not pass, the example and what was wrong. */
  readonly faults: readonly { readonly example: string; readonly fault: string }[];
}

/** Scores by model, in the models' order; those that were not asked are left out. */
export function scoresOf(models: readonly ModelTier[], done: readonly DoneJob[]): Score[] {
  return models.flatMap(({ model, name }) => {
    const own = done.filter(({ onTrial }) => onTrial.model.model === model);
    if (own.length === 0) return [];
    const faults = own.flatMap(({ name: example, judged: { fault } }) =>
      fault === undefined ? [] : [{ example, fault }],
    );
    const latencies = own.map(({ judged }) => judged.latencyMs).toSorted((a, b) => a - b);
    return [
      {
        model,
        tier: name,
        passed: own.length - faults.length,
        calls: own.length,
        costPico: own.reduce((sum, { judged }) => sum + judged.costPico, 0n),
        medianMs: latencies[Math.floor((latencies.length - 1) / 2)] as number,
        slowestMs: latencies.at(-1) as number,
        faults,
      },
    ];
  });
}

/**
 * What the scores say of the endpoint's model, which comes first: which cheaper model would have passed, one that passed every
 * example as often as the endpoint's own did. One sentence.
 */
export function verdictOf([own, ...others]: readonly Score[]): string {
  if (!own) return 'Nothing was asked.';
  const cheaper = others.filter((other) => perCallPico(other) < perCallPico(own));
  if (cheaper.length === 0) return `${own.model}, the endpoint's own, was the cheapest of them.`;
  const [best] = cheaper
    .filter((other) => passesWhat(own, other))
    .toSorted((a, b) => compare(perCallPico(a), perCallPico(b)));
  if (!best) return `No cheaper model passed what ${own.model}, the endpoint's own, passed.`;
  const percent = Number((perCallPico(best) * 1_000n) / perCallPico(own)) / 10;
  return `${best.model} would have passed, at ${percent} % of the cost of ${own.model}, the endpoint's own.`;
}

/** Mean cost of a call, as it is shown. */
export function perCallUsd(score: Score): string {
  return `$${formatUsd(perCallPico(score))}`;
}

function perCallPico({ costPico, calls }: Score): bigint {
  return costPico / BigInt(calls);
}

function passesWhat(own: Score, other: Score): boolean {
  const times = ({ faults }: Score, example: string) => faults.filter((each) => each.example === example).length;
  return other.calls === own.calls && other.faults.every(({ example }) => times(other, example) <= times(own, example));
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
