import type { Budget, Piece, Taken } from './budget.ts';
import type { World } from './world.ts';

/** What stands for a call, budget by budget. */
export type Reservation = readonly (readonly Piece[])[];

export type Reserved =
  | { readonly outcome: 'granted'; readonly reservation: Reservation }
  | { readonly outcome: 'refused' | 'unavailable' };

const MOST_ROUNDS = 3;

/**
 * Holds an amount in every budget, side by side, all or none, in rounds: functions/budgets/reservation.ts. A budget that
 * cannot tell, or a purse that is empty, costs the round; what it held elsewhere is given back.
 */
export function reserve(
  world: World,
  budgets: readonly Budget[],
  environment: number,
  amount: number,
  done: (reserved: Reserved) => void,
  round = 1,
): void {
  eachBeforeGoingOn(
    budgets,
    (budget, ready) => budget.prepare(environment, amount, ready),
    () => {
      const taken: Taken[] = [];
      eachBeforeGoingOn(
        budgets,
        (budget, ready, at) =>
          budget.take(environment, amount, (each) => {
            taken[at] = each;
            ready();
          }),
        () => {
          const reservation = taken.map((each) => (each.outcome === 'held' ? each.pieces : []));
          if (taken.every((each) => each.outcome === 'held')) done({ outcome: 'granted', reservation });
          else {
            settle(budgets, reservation, 0, () => {
              if (taken.some((each) => each.outcome === 'refused')) done({ outcome: 'refused' });
              else {
                eachBeforeGoingOn(
                  taken,
                  (each, ready) => (each.outcome === 'empty' ? each.retire(ready) : ready()),
                  () => {
                    const isFinal = taken.some((each) => each.outcome === 'unavailable' && each.isFinal);
                    if (isFinal || round >= MOST_ROUNDS) done({ outcome: 'unavailable' });
                    else reserve(world, budgets, environment, amount, done, round + 1);
                  },
                );
              }
            });
          }
        },
      );
    },
  );
}

/** Replaces a call's pieces by what it cost; 0 gives them back. */
export function settle(budgets: readonly Budget[], reservation: Reservation, actual: number, done: () => void): void {
  eachBeforeGoingOn(
    budgets,
    (budget, ready, at) => {
      const pieces = reservation[at]!;
      if (pieces.length === 0) ready();
      else budget.settle(pieces, actual, ready);
    },
    done,
  );
}

function eachBeforeGoingOn<Each>(
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
