import { heldPico, type Piece } from '#budgets/hold.ts';
import { heldIn, type NewPart, type PartState } from '#budgets/part.ts';
import type { PartStore, RevisionTaken, Share } from '#budgets/part-store.ts';
import { AwsServiceError } from '#platform/aws/signed-service.ts';
import { Fates } from './fates.ts';

/** A counter as it stands, to be changed. */
type Part = { -readonly [Name in keyof Omit<PartState, 'holds'>]: PartState[Name] } & {
  readonly holds: Map<string, string>;
  /** Revision of the last change that froze it. */
  changed?: number;
  /** When the table may delete it. */
  readonly expiresAtMs?: number;
};

type ReserveAnswer = Awaited<ReturnType<PartStore['reserve']>>;

/**
 * Counters in memory, by the rules of the real ones, whose requests meet the fates that a test lays out. Several may stand over
 * the same counters: each is a process with fates of its own.
 */
export class FatedParts implements PartStore {
  readonly counters: Map<string, Part>;
  readonly fates: Fates;

  constructor(fates = new Fates(), counters = new Map<string, Part>()) {
    this.fates = fates;
    this.counters = counters;
  }

  read(key: string) {
    return this.#meet('read', key, () => this.at(key));
  }

  open(part: NewPart) {
    return this.#meet('open', part.key, () => {
      if (this.counters.has(part.key)) return false;
      const { head, holds, ...rest } = part;
      const fresh = head && { ...head, most: head.shards, revision: 0, noticedPercent: 0, refused: false };
      const changed = part.frozen !== undefined && { changed: part.frozen };
      this.counters.set(part.key, { ...rest, ...changed, holds: new Map(holds), ...(fresh && { head: fresh }) });
      return true;
    });
  }

  async reserve(piece: Piece): Promise<ReserveAnswer> {
    const take = (part: Part) => {
      const pico = heldPico(piece.value);
      if (part.frozen !== undefined || part.holds.has(piece.id) || part.availablePico < pico) return false;
      part.availablePico -= pico;
      part.holds.set(piece.id, piece.value);
      return true;
    };
    const land = (): ReserveAnswer => (this.#change(piece.part, take) ? 'taken' : 'refused');
    return this.fates.meet('reserve', piece.part, land, { name: named(piece), throttled: () => 'throttled' });
  }

  topUp(piece: Piece, next: string) {
    return this.#onPiece('topUp', piece, (part) => {
      // A repeat after a lost answer meets its own success.
      if (part.holds.get(piece.id) === next) return true;
      const morePico = heldPico(next) - heldPico(piece.value);
      if (part.frozen !== undefined || part.holds.get(piece.id) !== piece.value || part.availablePico < morePico)
        return false;
      part.availablePico -= morePico;
      part.holds.set(piece.id, next);
      return true;
    });
  }

  settle(piece: Piece, actualPico: bigint) {
    return this.#onPiece('settle', piece, (part) => {
      if (part.holds.get(piece.id) !== piece.value) return false;
      part.holds.delete(piece.id);
      part.availablePico += heldPico(piece.value) - actualPico;
      part.spentPico += actualPico;
      return true;
    });
  }

  freeze(key: string, revision: number) {
    return this.#meet('freeze', key, () => {
      const part = this.counters.get(key);
      if (!part || (part.frozen !== revision && (part.changed ?? -1) >= revision)) return undefined;
      part.frozen = part.changed = revision;
      return this.at(key);
    });
  }

  takeRevision(key: string, { revision, most, source, freezes }: RevisionTaken) {
    return this.#meet('takeRevision', key, () => {
      const part = this.counters.get(key);
      if (part?.head?.revision !== revision || part.head.source > source) return undefined;
      part.head = { ...part.head, revision: revision + 1, most, source };
      if (freezes) part.frozen = revision + 1;
      return this.at(key);
    });
  }

  share(key: string, { oldPico, newPico, revision, staysFrozen, whole }: Share) {
    return this.#meet('share', key, () =>
      this.#change(key, (part) => {
        const isOurs = (whole ? part.head?.revision : part.frozen) === revision;
        // A repeat after a lost answer meets its own success.
        if (part.limitPico !== oldPico || !isOurs) return part.limitPico === newPico && (!whole || isOurs);
        part.limitPico = newPico;
        part.availablePico += newPico - oldPico;
        if (whole) part.head = { ...part.head!, ...whole };
        if (!staysFrozen) delete part.frozen;
        return true;
      }),
    );
  }

  adjust({ part: key, id: mark, value }: Piece, deltaPico: bigint) {
    return this.#meet('adjust', key, () =>
      this.#change(key, (part) => {
        if (part.holds.has(mark)) return false;
        part.availablePico -= deltaPico;
        part.spentPico += deltaPico;
        part.holds.set(mark, value);
        return true;
      }),
    );
  }

  renew({ part: key, id: mark, value }: Piece) {
    return this.#meet('renew', key, () =>
      this.#change(key, (part) => {
        if (!part.holds.has(mark)) return false;
        part.holds.set(mark, value);
        return true;
      }),
    );
  }

  noteRefusal(key: string) {
    return this.#onHead('noteRefusal', key, ({ refused }) => (refused ? undefined : { refused: true }));
  }

  noteNotice(key: string, percent: number) {
    return this.#onHead('noteNotice', key, ({ noticedPercent }) =>
      noticedPercent < percent ? { noticedPercent: percent } : undefined,
    );
  }

  forgetNotice(key: string, percent: number, before: number) {
    return this.#onHead('forgetNotice', key, ({ noticedPercent }) =>
      noticedPercent === percent ? { noticedPercent: before } : undefined,
    );
  }

  clear(piece: Piece) {
    return this.#onPiece(
      'clear',
      piece,
      (part) => part.holds.get(piece.id) === piece.value && part.holds.delete(piece.id),
    );
  }

  /** A counter as it stands; a request reads it so. */
  at(key: string): PartState | undefined {
    const part = this.counters.get(key);
    if (!part) return undefined;
    const { changed: _changed, expiresAtMs: _expiresAtMs, ...shown } = part;
    return { ...shown, holds: new Map(part.holds) };
  }

  /** Available, spent and held of one counter. @throws when it is not there */
  sums(key: string): readonly [availablePico: bigint, spentPico: bigint, heldPico: bigint] {
    const part = this.counters.get(key);
    if (!part) throw new Error(`there is no counter ${key}`);
    return [part.availablePico, part.spentPico, heldIn(part)];
  }

  #change(key: string, change: (part: Part) => boolean): boolean {
    const part = this.counters.get(key);
    return part !== undefined && change(part);
  }

  #onHead(
    operation: string,
    key: string,
    changed: (head: NonNullable<PartState['head']>) => Partial<NonNullable<PartState['head']>> | undefined,
  ): Promise<boolean> {
    return this.#meet(operation, key, () =>
      this.#change(key, (part) => {
        const change = changed(part.head!);
        if (change) part.head = { ...part.head!, ...change };
        return change !== undefined;
      }),
    );
  }

  #onPiece(operation: string, piece: Piece, change: (part: Part) => boolean): Promise<boolean> {
    return this.#meet(operation, piece.part, () => this.#change(piece.part, change), named(piece));
  }

  #meet<Result>(operation: string, key: string, land: () => Result, name = key): Promise<Result> {
    return this.fates.meet(operation, key, land, { name, throttled: throwThrottle });
  }
}

/** The counter, and the round of the hold. */
function named({ part, id }: Piece): string {
  return `${part} ${id.slice(id.lastIndexOf('.') + 1)}`;
}

function throwThrottle(): never {
  throw new AwsServiceError('ProvisionedThroughputExceededException', 400, 'Injected by the test.');
}
