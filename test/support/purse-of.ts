import type { Purse } from '#budgets/purses.ts';
import type { Reservation } from '#budgets/reservation.ts';

/** The purse in which a reservation stands in its last budget. @throws when it stands in none */
export function purseOf({ places }: Reservation): Purse {
  const [purse] = places.at(-1)!.purses;
  if (!purse) throw new Error('it stands in no purse');
  return purse;
}
