import { mintCallId } from '#platform/call-id.ts';
import { floatId, holdId, holdValue, type HoldFacts } from '#budgets/hold.ts';
import { budgetAt, partKey } from '#budgets/budget.ts';
