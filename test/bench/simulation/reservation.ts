import type { Budget, Piece, Taken } from './budget.ts';

/** What stands for a call, budget by budget. */
export type Reservation = readonly (readonly Piece[])[];

export type Reserved =
  { readonly outcome: 'granted'; readonly reservation: Reservation } | { readonly outcome: 'refused' | 'unavailable' };

export interface Reserving {
  readonly budgets: readonly Budget[];
  readonly environment: number;
  readonly amount: number;
  readonly done: (reserved: Reserved) => void;
}

const MOST_ROUNDS = 3;

/**
 * Holds an amount in every budget, side by side, all or none, in rounds: functions/budgets/reservation.ts. A budget that
 * cannot tell, or a purse that is empty, costs the round; what it held elsewhere is given back.
 */
export function reserve(reserving: Reserving, round = 1): void {
  const { budgets, environment, amount } = reserving;
  const taken: Taken[] = [];
  const take = () =>
    sideBySide(
      budgets,
      (budget, ready, at) =>
        budget.take(environment, amount, (each) => {
          taken[at] = each;
          ready();
        }),
      () => conclude(reserving, taken, round),
    );
  sideBySide(budgets, (budget, ready) => budget.prepare(environment, amount, ready), take);
}

/** Replaces a call's pieces by what it cost; 0 gives them back. */
export function settle(budgets: readonly Budget[], reservation: Reservation, actual: number, done: () => void): void {
  sideBySide(
    budgets,
    (budget, ready, at) => {
      const pieces = reservation[at]!;
      if (pieces.length === 0) ready();
      else budget.settle(pieces, actual, ready);
    },
    done,
  );
}

/** When all budgets have answered. */
function conclude(reserving: Reserving, taken: readonly Taken[], round: number): void {
  const { budgets, done } = reserving;
  const reservation = taken.map((each) => (each.outcome === 'held' ? each.pieces : []));
  if (taken.every((each) => each.outcome === 'held')) {
    done({ outcome: 'granted', reservation });
    return;
  }
  const isLast = round >= MOST_ROUNDS || taken.some((each) => each.outcome === 'unavailable' && each.isFinal);
  settle(budgets, reservation, 0, () => {
    if (taken.some((each) => each.outcome === 'refused')) done({ outcome: 'refused' });
    else retireEmpty(taken, () => (isLast ? done({ outcome: 'unavailable' }) : reserve(reserving, round + 1)));
  });
}

function retireEmpty(taken: readonly Taken[], done: () => void): void {
  sideBySide(taken, (each, ready) => (each.outcome === 'empty' ? each.retire(ready) : ready()), done);
}

function sideBySide<Each>(
  all: readonly Each[],
  start: (each: Each, ready: () => void, at: number) => void,
  goOn: () => void,
): void {
  let open = all.length;
  const ready = () => {
    if (--open === 0) goOn();
  };
  for (const [at, each] of all.entries()) start(each, ready, at);
}
