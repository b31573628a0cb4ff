import { heldPico, type Piece } from './hold.ts';
import type { PartStore } from './part-store.ts';
import type { Reservation } from './reservation.ts';

/** What one piece is charged. The ledger entry names all charges of a call, and the counters follow it. */
export interface Charge {
  /** Key of the counter. */
  readonly part: string;
  readonly id: string;
  readonly pico: bigint;
}

/** A cost shared out over the pieces that stand for it in each budget: each up to its amount, the last with the rest. */
export function chargesFor(places: readonly { readonly pieces: readonly Piece[] }[], costPico: bigint): Charge[] {
  return places.flatMap(({ pieces }) => {
    let leftPico = costPico;
    return pieces.map(({ part, id, value }, index) => {
      const mostPico = heldPico(value);
      const pico = index === pieces.length - 1 || leftPico < mostPico ? leftPico : mostPico;
      leftPico -= pico;
      return { part, id, pico };
    });
  });
}

/**
 * Replaces all pieces of a call by what they are charged. Idempotent (L6).
 * @returns how many could not be settled: the sweeper's work
 */
export async function settle(
  parts: PartStore,
  { places, strays }: Reservation,
  charges: readonly Charge[],
): Promise<number> {
  const pieces = [...places.flatMap((place) => place.pieces), ...strays];
  const results = await Promise.allSettled(pieces.map((piece) => settlePiece(parts, piece, chargeOf(piece, charges))));
  return results.filter((result) => result.status === 'rejected').length;
}

/** What the charges say of a piece: nothing, if they do not name it. */
export function chargeOf({ part, id }: Pick<Piece, 'part' | 'id'>, charges: readonly Charge[]): bigint {
  return charges.find((charge) => charge.part === part && charge.id === id)?.pico ?? 0n;
}

const MOST_TRIES = 3;

/** Settles a piece, at whatever value it stands: that of a top-up whose answer never came is another. */
export async function settlePiece(parts: PartStore, piece: Piece, pico: bigint): Promise<void> {
  let { value } = piece;
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    if (await parts.settle({ ...piece, value }, pico)) return;
    const standing = (await parts.read(piece.part))?.holds.get(piece.id);
    if (standing === undefined) return;
    value = standing;
  }
  throw new Error(`a hold in ${piece.part} changes faster than it can be settled`);
}
