import type { Part, Totals } from './part.ts';
import type { World } from './world.ts';

/** A hold in one part. */
export interface Piece {
  readonly part: Part;
  readonly amount: number;
  readonly bytes: number;
  readonly takenMs: number;
}

/**
 * What came of taking money from a budget. `refused`: for want of money. `unavailable`: DynamoDB was too busy to tell.
 * `empty`: the environment's purse had not enough; the round is lost, the next draws another.
 */
export type Taken =
  | { readonly outcome: 'held'; readonly pieces: readonly Piece[] }
  | { readonly outcome: 'refused' }
  /** `isFinal`: another round would only add to the load. */
  | { readonly outcome: 'unavailable'; readonly isFinal: boolean }
  | { readonly outcome: 'empty'; readonly retire: (done: () => void) => void };

/** A budget as a call meets it. Money in micro-units. */
export interface Budget {
  readonly totals: Totals;
  /** All counters that stand, purses included. */
  readonly parts: () => Iterable<Part>;
  /** Comes before the round: draws the environment's purse where there is escrow. */
  readonly prepare: (environment: number, amount: number, ready: () => void) => void;
  readonly take: (environment: number, amount: number, done: (taken: Taken) => void) => void;
  /** Replaces a call's pieces by what they are charged. Answers when every request is answered. */
  readonly settle: (pieces: readonly Piece[], actual: number, done: () => void) => void;
  /** A hold that stands from the beginning, without a request. */
  readonly seed: (environment: number, amount: number) => readonly Piece[];
}

/** A purse's float is held in a shard as a piece too. */
export function takePiece(
  { queue, dynamo }: World,
  ...[part, amount, bytes, done]: [
    part: Part,
    amount: number,
    bytes: number,
    done: (piece: Piece | undefined, isThrottled: boolean) => void,
  ]
): void {
  let piece: Piece | undefined;
  const act = () => {
    if (!part.hold(amount, bytes)) return false;
    piece = { part, amount, bytes, takenMs: queue.nowMs };
    return true;
  };
  // Sent once; a throttled request is an answer: nothing was written.
  dynamo.write(part, bytes, 1, act, (written) => done(piece, written === 'throttled'));
}

/** Replaces a piece by what was spent. What stays throttled is left to the sweeper. */
export function settlePiece(world: World, piece: Piece, actual: number, done: () => void): void {
  world.dynamo.write(piece.part, -piece.bytes, world.habits.settleAttempts, settling(piece, actual), (written) => {
    if (written === 'throttled') sweepLater(world, piece, actual);
    done();
  });
}

const SWEEP_EVERY_MS = 60_000;
/** A sweep has much to do, and does it one after another. */
const SWEEP_TAKES_MS = 5_000;
const SWEEP_ATTEMPTS = 3;

function sweepLater(world: World, piece: Piece, actual: number): void {
  const { queue, random, dynamo, habits } = world;
  const dueMs = Math.max(queue.nowMs, piece.takenMs + habits.holdExpiresMs);
  const sweepMs = Math.ceil(dueMs / SWEEP_EVERY_MS + 1e-9) * SWEEP_EVERY_MS + random() * SWEEP_TAKES_MS;
  queue.after(sweepMs - queue.nowMs, () => {
    dynamo.write(piece.part, -piece.bytes, SWEEP_ATTEMPTS, settling(piece, actual), (written) => {
      if (written === 'throttled') sweepLater(world, piece, actual);
    });
  });
}

function settling(piece: Piece, actual: number): () => boolean {
  return () => {
    piece.part.settle(piece.amount, actual, piece.bytes);
    return true;
  };
}
