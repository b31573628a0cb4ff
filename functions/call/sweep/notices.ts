import { partOf, UNLIMITED_PICO } from '#budgets/budget.ts';
import type { BudgetState } from '#budgets/budget-book.ts';
import { exactStatusOf } from '#budgets/budget-status.ts';
import { kindOf, resetsAt } from '#budgets/windows.ts';
import { formatUsd } from '#platform/money.ts';
import type { SweepReport, SweepRooms } from './sweep-rooms.ts';

const NOTICED_PERCENTS = [50, 80, 100];

/**
 * Tells, once a window, that 50, 80 or 100 % of a budget are spent; 100 % also as soon as a call was refused, for the last
 * cents seldom buy a whole call. Noted before it is told, or two sweeps would tell it twice.
 */
export async function giveNotices(
  key: string,
  state: BudgetState,
  rooms: SweepRooms,
  report: SweepReport,
): Promise<void> {
  const { scope, window } = partOf(`${key}#0`);
  const { totalPico, noticedPercent, refused } = state.head.head!;
  if (totalPico >= UNLIMITED_PICO || noticedPercent >= 100) return;
  const { parts } = rooms.budgets;
  const kind = kindOf(window);
  const { spentPico, heldPico, limitPico } = await exactStatusOf({ scope, window, kind }, state, parts);
  const isReached = (percent: number) =>
    spentPico * 100n >= limitPico * BigInt(percent) || (percent === 100 && refused);
  let before = noticedPercent;
  for (const percent of NOTICED_PERCENTS.filter((each) => each > noticedPercent && isReached(each))) {
    if (!(await parts.noteNotice(state.head.key, percent))) return;
    const facts = {
      scope,
      window: kind,
      percent,
      limitUsd: formatUsd(limitPico),
      spentUsd: formatUsd(spentPico),
      heldUsd: formatUsd(heldPico),
      resetsAt: resetsAt(window),
    };
    try {
      await tell(facts, rooms);
    } catch (error) {
      await parts.forgetNotice(state.head.key, percent, before);
      throw error;
    }
    report.notices += 1;
    before = percent;
  }
}

/** To the deployment's topic, and always to the log. */
async function tell(
  facts: {
    readonly scope: string;
    readonly window: string;
    readonly percent: number;
    readonly [name: string]: unknown;
  },
  { platform }: SweepRooms,
): Promise<void> {
  const { noticeTopicArn } = platform.config;
  if (noticeTopicArn !== undefined) {
    const subject = `Weir: ${facts.percent} % of the ${facts.window}'s budget of ${facts.scope}`;
    await platform.sns.publish({ topicArn: noticeTopicArn, subject, message: JSON.stringify(facts, null, 2) });
  }
  platform.log.warn('budget notice', facts);
}
