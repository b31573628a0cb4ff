import { randomBytes } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import { partKey, partOf, type Budget } from './budget.ts';
import type { BudgetBook } from './budget-book.ts';
import { floatId, type Piece } from './hold.ts';
import type { PartStore } from './part-store.ts';
import { endOf } from './windows.ts';

/** A purse of the environment's own, in which its calls hold. */
export interface Purse {
  readonly id: string;
  readonly part: string;
  readonly usableUntilMs: number;
  /** The hold in a shard that stands for it. */
  readonly float: Piece;
}

/** A purse is drawn for so many calls like the one that draws it: more saves little, and lies idle when money is scarce. */
const CALLS_A_PURSE = 8n;
/** A shard that has not so many purses left lends none: the last of a limit is not spread over purses. */
const LEAST_PURSES_LEFT = 64n;
/** Where none is lent, the shards themselves are used for so long. */
const DIRECT_FOR_MS = 1_000;
/** Give or take a quarter, so that purses that were drawn together are not drawn anew together. */
const USED_FOR_MS = 600_000;
/** The account has two windows at a time. */
const MOST_BUDGETS = 100;
/** After its window a purse's item is of no use, not even to the slowest sweeper. */
const KEPT_FOR_MS = 60 * 86_400_000;

/**
 * Escrow: the account's budgets lie under every call, so that one item could not carry the writes. Each environment draws
 * money from a shard into a purse, an item that nobody else writes, and its calls hold in that.
 *
 *     shard   available 90, holds {float: 10}
 *     purse   limit 10, available 4, spent 3, holds {call: 3}       → when it is closed: the shard's spent += 3
 */
export class Purses {
  readonly #parts: PartStore;
  readonly #book: BudgetBook;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #current = new Map<string, Purse>();
  readonly #drawing = new Map<string, Promise<Purse | undefined>>();
  readonly #directUntilMs = new Map<string, number>();

  constructor(parts: PartStore, book: BudgetBook, clock: Clock, random: () => number) {
    this.#parts = parts;
    this.#book = book;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * The purse to hold in, drawn anew if need be. Whether it has enough, tells the reservation. Undefined: so little is left that
   * calls hold in the shards themselves.
   * @throws when a counter does not answer
   */
  async purseFor(budget: Budget, amountPico: bigint): Promise<Purse | undefined> {
    // What costs nothing needs no money.
    if (amountPico === 0n) return undefined;
    const purse = this.#current.get(budget.key);
    if (purse && this.#clock.nowMs() < purse.usableUntilMs) return purse;
    if (this.#clock.nowMs() < (this.#directUntilMs.get(budget.key) ?? 0)) return undefined;
    const waiting = this.#drawing.get(budget.key);
    if (waiting) return waiting;
    const drawing = this.#draw(budget, amountPico).finally(() => this.#drawing.delete(budget.key));
    this.#drawing.set(budget.key, drawing);
    return drawing;
  }

  /** A purse had not enough, or was frozen: the next call draws a new one. */
  async retire(budget: Pick<Budget, 'key'>, { id }: Purse): Promise<void> {
    const purse = this.#current.get(budget.key);
    if (purse?.id !== id) return;
    this.#current.delete(budget.key);
    // Its money goes back at once where no call holds any of it; else the sweeper brings it back.
    await closePurse(this.#parts, purse.float, purse.part).catch(() => undefined);
  }

  async #draw(budget: Budget, amountPico: bigint): Promise<Purse | undefined> {
    const worn = this.#current.get(budget.key);
    if (worn) await this.retire(budget, worn);
    const { shards } = await this.#book.openAndRead(budget);
    const shard = shards[Math.floor(this.#random() * shards.length)]!;
    const drawnPico = CALLS_A_PURSE * amountPico;
    if (shard.frozen !== undefined || shard.availablePico < LEAST_PURSES_LEFT * drawnPico) {
      // Of a window that is over nothing is remembered.
      if (this.#directUntilMs.size > MOST_BUDGETS) this.#directUntilMs.clear();
      this.#directUntilMs.set(budget.key, this.#clock.nowMs() + DIRECT_FOR_MS);
      return undefined;
    }
    const purse = this.#newPurse(budget, shard.key, drawnPico);
    if ((await this.#parts.reserve(purse.float)) !== 'taken') return undefined;
    // Refused: the limit was lowered in between, and whoever did it has frozen every purse that was drawn.
    if (!(await this.#parts.open(emptyPurse(purse.part, drawnPico)))) {
      await closePurse(this.#parts, purse.float, purse.part);
      return undefined;
    }
    this.#current.set(budget.key, purse);
    return purse;
  }

  #newPurse(budget: Budget, shard: string, drawnPico: bigint): Purse {
    const id = randomBytes(5).toString('hex');
    const usableUntilMs = this.#clock.nowMs() + Math.floor(USED_FOR_MS * (0.75 + this.#random() / 2));
    const float = { part: shard, id: floatId(id, usableUntilMs), value: String(drawnPico) };
    return { id, part: partKey(budget, id), usableUntilMs, float };
  }
}

/**
 * Brings back what a purse has left: frozen first, so that nothing new is held in it; and if nothing is, the head's hold is
 * replaced by what the purse has spent. False: calls still hold in it.
 */
export async function closePurse(parts: PartStore, float: Piece, part: string): Promise<boolean> {
  const purse = await freezePurse(parts, part);
  if (purse.holds.size > 0) return false;
  return parts.settle(float, purse.spentPico);
}

/** Freezes a purse. One that is not there is put, frozen and empty, so that whoever drew it cannot open it any more. */
export async function freezePurse(parts: PartStore, part: string) {
  const frozen = await parts.freeze(part, 1);
  if (frozen) return frozen;
  await parts.open({ ...emptyPurse(part, 0n), frozen: 1 });
  const standing = await parts.freeze(part, 1);
  if (!standing) throw new Error(`the purse ${part} can be neither frozen nor opened`);
  return standing;
}

/** Purses that a shard's holds stand for. */
export function floatsIn(shard: { readonly key: string; readonly holds: ReadonlyMap<string, string> }): Piece[] {
  return [...shard.holds].filter(([id]) => id.endsWith('.f')).map(([id, value]) => ({ part: shard.key, id, value }));
}

function emptyPurse(key: string, limitPico: bigint) {
  const expiresAtMs = endOf(partOf(key).window) + KEPT_FOR_MS;
  return { key, limitPico, availablePico: limitPico, spentPico: 0n, holds: new Map<string, string>(), expiresAtMs };
}
