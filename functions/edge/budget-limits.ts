import type { SpecLimits } from '#budgets/limits.ts';
import { parseUsd } from '#platform/money.ts';
import type { EndpointBudget } from './specs.ts';

/** What an endpoint's definition says of its budget, in the budgets' own terms. @throws RangeError for what is no amount */
export function specLimitsOf({ monthlyUsd, dailyUsd, shards = 1 }: EndpointBudget = {}): SpecLimits {
  return {
    limitsPico: {
      ...(monthlyUsd !== undefined && { month: parseUsd(monthlyUsd) }),
      ...(dailyUsd !== undefined && { day: parseUsd(dailyUsd) }),
    },
    shards,
  };
}
