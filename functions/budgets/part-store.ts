import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import { isThrottled } from '#platform/aws/signed-service.ts';
import { heldPico, type Piece } from './hold.ts';
import { fromPartItem, toPartItem, type NewPart, type PartState } from './part.ts';

/**
 * The counters. Each method is one conditional write of one item, and DynamoDB orders the writes of an item, so no two
 * processes can take the same money:
 *
 *     A  reserve 7 IF available ≥ 7 ──► ok, available 10 → 3
 *     B       reserve 7 IF available ≥ 7 ──► condition fails, nothing taken
 *
 * False or undefined: the condition did not hold, and nothing changed. @throws when the table does not answer
 */
export interface PartStore {
  /** As it stands now (strongly consistent). */
  read(key: string): Promise<PartState | undefined>;
  /** Opens a counter that is not there. */
  open(part: NewPart): Promise<boolean>;
  /**
   * Takes a piece out of what is available. Sent once: a repeat of a request that landed would find its own hold, one that
   * is still on its way would not. A throttled request is an answer: nothing was written.
   */
  reserve(piece: Piece): Promise<'taken' | 'refused' | 'throttled'>;
  /** Raises a standing piece to the value `next`. */
  topUp(piece: Piece, next: string): Promise<boolean>;
  /** Replaces a piece by what was really spent. False: it is settled already (L6), or stands at another value. */
  settle(piece: Piece, actualPico: bigint): Promise<boolean>;
  /**
   * Lets nothing new be held, for the change with this revision. Gives the part as it then stands. Whatever a later change has
   * had its hand on, it leaves alone, also when that has thawed it.
   */
  freeze(key: string, revision: number): Promise<PartState | undefined>;
  /** Begins a change at a head: the next revision is this change's. Gives the head as it then stands. */
  takeRevision(key: string, change: RevisionTaken): Promise<PartState | undefined>;
  /** Gives a part its share in a change. */
  share(key: string, share: Share): Promise<boolean>;
  /** Changes what a late fact changes, once: the mark tells that it was done. */
  adjust(mark: Piece, deltaPico: bigint): Promise<boolean>;
  /** Gives a standing mark another value. */
  renew(mark: Piece): Promise<boolean>;
  /** Remembers at a head that a call was refused in it. */
  noteRefusal(key: string): Promise<boolean>;
  /** Remembers at a head that somebody was told of so many percent. False: somebody was told of as many before. */
  noteNotice(key: string, percent: number): Promise<boolean>;
  /** Forgets a notice that could not be given. */
  forgetNotice(key: string, percent: number, before: number): Promise<boolean>;
  /** Takes away what is worth nothing: a mark that has served. */
  clear(piece: Piece): Promise<boolean>;
}

export interface RevisionTaken {
  /** The head's revision until now. */
  readonly revision: number;
  readonly most: number;
  /** Of the settings that the change follows; it does not hold against newer ones. */
  readonly source: number;
  /** Nothing new may be held until the change is done. */
  readonly freezes: boolean;
}

export interface Share {
  readonly oldPico: bigint;
  readonly newPico: bigint;
  /** Of the change. */
  readonly revision: number;
  readonly staysFrozen: boolean;
  /** For the head: what the budget now is. */
  readonly whole?: { readonly totalPico: bigint; readonly shards: number };
}

/**
 * A settlement insists: a hold that is left to the sweeper makes every write of its counter dearer, just when the counter is too
 * busy. (Reserves yield: `BudgetBusy`. The other way round, an overload does not end: test/bench/simulation/results.md.)
 */
const SETTLE_ATTEMPTS = 20;

export function createPartStore(dynamo: DynamoDb, table: string): PartStore {
  const write = async (
    ...[key, update, condition, names, values, attempts]: [
      key: string,
      update: string,
      condition: string,
      names: Readonly<Record<string, string>>,
      values: Readonly<Record<string, string | bigint | number | boolean>>,
      attempts?: number,
    ]
  ): Promise<boolean> => {
    const options = attempts === undefined ? undefined : { attempts };
    return (
      (await dynamo.update(
        table,
        { pk: key },
        update,
        { condition, values, ...(Object.keys(names).length > 0 && { names }) },
        options,
      )) === 'written'
    );
  };

  const read = async (key: string) => {
    const item = await dynamo.get(table, { pk: key }, { consistent: true });
    return item && fromPartItem(key, item);
  };

  return {
    read,
    async open(part) {
      return (
        (await dynamo.put(table, toPartItem(part), { condition: 'attribute_not_exists(pk)' }, undefined)) === 'written'
      );
    },
    async reserve({ part, id, value }) {
      try {
        const taken = await write(
          part,
          'SET available = available - :max, holds.#id = :hold',
          'available >= :max AND attribute_not_exists(holds.#id) AND attribute_not_exists(frozen)',
          { '#id': id },
          { ':max': heldPico(value), ':hold': value },
          1,
        );
        return taken ? 'taken' : 'refused';
      } catch (error) {
        if (isThrottled(error)) return 'throttled';
        throw error;
      }
    },
    async topUp({ part, id, value }, next) {
      const written = await write(
        part,
        'SET available = available - :more, holds.#id = :new',
        'available >= :more AND holds.#id = :old AND attribute_not_exists(frozen)',
        { '#id': id },
        { ':more': heldPico(next) - heldPico(value), ':new': next, ':old': value },
      );
      // A repeat after a lost answer meets its own success.
      return written || (await read(part))?.holds.get(id) === next;
    },
    settle: ({ part, id, value }, actualPico) =>
      write(
        part,
        'SET available = available + :heldMinusActual, spent = spent + :actual REMOVE holds.#id',
        'holds.#id = :hold',
        { '#id': id },
        { ':heldMinusActual': heldPico(value) - actualPico, ':actual': actualPico, ':hold': value },
        SETTLE_ATTEMPTS,
      ),
    async freeze(key, revision) {
      const item = await dynamo.updated(table, { pk: key }, 'SET frozen = :revision, changed = :revision', {
        condition:
          'attribute_exists(pk) AND (attribute_not_exists(changed) OR changed < :revision OR frozen = :revision)',
        values: { ':revision': revision },
      });
      return item && fromPartItem(key, item);
    },
    async takeRevision(key, { revision, most, source, freezes }) {
      const item = await dynamo.updated(
        table,
        { pk: key },
        `SET revision = :next, most = :most, #source = :source${freezes ? ', frozen = :next' : ''}`,
        {
          condition: 'revision = :revision AND #source <= :source',
          names: { '#source': 'source' },
          values: { ':next': revision + 1, ':revision': revision, ':most': most, ':source': source },
        },
      );
      return item && fromPartItem(key, item);
    },
    async share(key, { oldPico, newPico, revision, staysFrozen, whole }) {
      const written = await write(
        key,
        'SET #limit = :new, available = available + :newMinusOld' +
          (whole ? ', #total = :total, #shards = :shards' : '') +
          (staysFrozen ? '' : ' REMOVE frozen'),
        `#limit = :old AND ${whole ? 'revision' : 'frozen'} = :revision`,
        { '#limit': 'limit', ...(whole && { '#total': 'total', '#shards': 'shards' }) },
        {
          ':new': newPico,
          ':old': oldPico,
          ':newMinusOld': newPico - oldPico,
          ':revision': revision,
          ...(whole && { ':total': whole.totalPico, ':shards': whole.shards }),
        },
      );
      if (written) return true;
      // A repeat after a lost answer meets its own success.
      const standing = await read(key);
      return standing?.limitPico === newPico && (!whole || standing.head!.revision === revision);
    },
    renew: ({ part, id, value }) =>
      write(part, 'SET holds.#id = :value', 'attribute_exists(holds.#id)', { '#id': id }, { ':value': value }),
    adjust: ({ part, id, value }, deltaPico) =>
      write(
        part,
        'SET available = available - :delta, spent = spent + :delta, holds.#mark = :mark',
        'attribute_exists(pk) AND attribute_not_exists(holds.#mark)',
        { '#mark': id },
        { ':delta': deltaPico, ':mark': value },
      ),
    noteRefusal: (key) =>
      write(key, 'SET refused = :yes', 'attribute_exists(pk) AND attribute_not_exists(refused)', {}, { ':yes': true }),
    noteNotice: (key, percent) =>
      write(
        key,
        'SET noticed = :percent',
        'attribute_exists(pk) AND (attribute_not_exists(noticed) OR noticed < :percent)',
        {},
        { ':percent': percent },
      ),
    forgetNotice: (key, percent, before) =>
      write(key, 'SET noticed = :before', 'noticed = :percent', {}, { ':percent': percent, ':before': before }),
    clear: ({ part, id, value }) =>
      write(part, 'REMOVE holds.#id', 'holds.#id = :value', { '#id': id }, { ':value': value }),
  };
}
