import { partOf, shareOf, UNLIMITED_PICO, type ScopeName } from '#budgets/budget.ts';
import { heldPico, parseId } from '#budgets/hold.ts';
import { fromPartItem, heldIn, type PartState } from '#budgets/part.ts';
import { endOf, kindOf, WINDOW_KINDS, type WindowKind } from '#budgets/windows.ts';
import type { Clock } from '#platform/clock.ts';
import type { StoredItem } from '#platform/aws/attributes.ts';
import type { Change } from './interleaved-tables.ts';

type Limits = Readonly<Partial<Record<WindowKind, bigint>>>;

/** What was said of a scope: by its spec (revision 0), or by settings. */
interface Said {
  readonly revision: number;
  readonly limits: Limits;
}

/** Whoever set a limit was told that it holds. */
interface Told {
  readonly revision: number;
  readonly atMs: number;
}

export function must(holds: boolean, failure: string): asserts holds {
  if (!holds) throw new Error(failure);
}

/** Looks at every write of a run: what must always be true of the counters is asserted as it happens. */
export class Watch {
  readonly parts = new Map<string, PartState>();
  readonly #byBudget = new Map<string, Set<string>>();
  readonly #said = new Map<string, Said[]>();
  readonly #told = new Map<string, Told[]>();
  /** Budget → revision of the last change that was done to its end. */
  readonly #completed = new Map<string, number>();
  readonly #clock: Clock;

  /** @param specs what specs say of endpoints' limits, by scope */
  constructor(clock: Clock, specs: ReadonlyMap<ScopeName, Limits>) {
    this.#clock = clock;
    for (const [scope, limits] of specs) this.#said.set(scope, [{ revision: 0, limits }]);
  }

  /** @throws when a write has done what must not be */
  wrote({ table, key, before, after }: Change): void {
    if (table !== 'budgets') return;
    const isSettings = key.startsWith('settings#') && after['revision'] !== undefined;
    if (isSettings) this.#settingsWritten(key.slice('settings#'.length), after);
    if (after['holds'] === undefined) return;
    const part = fromPartItem(key, after);
    this.parts.set(key, part);
    const { budgetKey } = partOf(key);
    this.#byBudget.set(budgetKey, (this.#byBudget.get(budgetKey) ?? new Set()).add(key));
    must(part.availablePico + part.spentPico + heldIn(part) === part.limitPico, `${key} does not add up`);
    const earlier = before && fromPartItem(key, before);
    if (earlier && isGrant(earlier, part)) this.#assertAllowed(earlier);
    if (isCompletion(earlier, part)) this.#completed.set(budgetKey, part.head!.revision);
    this.#assertShares(budgetKey);
  }

  /** `setLimit` has ended well: from now on nothing above the limit is granted. */
  told(scope: ScopeName, revision: number): void {
    this.#told.set(scope, [...(this.#told.get(scope) ?? []), { revision, atMs: this.#clock.nowMs() }]);
  }

  get budgets(): readonly string[] {
    return [...this.#byBudget.keys()];
  }

  shardsOf(budgetKey: string): PartState[] {
    return this.#partsOf(budgetKey).filter(({ key }) => !partOf(key).part.startsWith('p'));
  }

  headOf(budgetKey: string): PartState | undefined {
    return this.parts.get(`${budgetKey}#0`);
  }

  /** While nobody changes a budget, its shares sum to its total. */
  #assertShares(budgetKey: string): void {
    const head = this.headOf(budgetKey)?.head;
    if (!head || head.revision !== (this.#completed.get(budgetKey) ?? 0)) return;
    const sharesPico = this.sharesOf(budgetKey);
    must(
      sharesPico === head.totalPico,
      `nobody changes ${budgetKey}: its shares sum to ${sharesPico} of ${head.totalPico}`,
    );
  }

  /** Shares of all shards, also of those that nobody has opened yet. */
  sharesOf(budgetKey: string): bigint {
    const { totalPico, shards, most, revision } = this.headOf(budgetKey)!.head!;
    let sumPico = 0n;
    for (let shard = 0; shard < most; shard++) {
      const unopenedPico = revision === 0 ? shareOf(totalPico, shards, shard) : 0n;
      sumPico += this.parts.get(`${budgetKey}#${shard}`)?.limitPico ?? unopenedPico;
    }
    return sumPico;
  }

  /** What a call holds in a budget, in its best round. */
  heldFor(budgetKey: string, callId: string): bigint {
    const rounds = new Map<string, bigint>();
    for (const { holds } of this.#partsOf(budgetKey)) {
      for (const [id, value] of holds) {
        const parsed = parseId(id);
        if (parsed.kind === 'call' && parsed.callId === callId) {
          rounds.set(id, (rounds.get(id) ?? 0n) + heldPico(value));
        }
      }
    }
    return [...rounds.values()].reduce((most, pico) => (pico > most ? pico : most), 0n);
  }

  /** Limits of which each may be in force, the one that was set last at the end; none for a scope of which nobody said anything. */
  limitsOf(budgetKey: string): bigint[] {
    const { scope, window } = partOf(`${budgetKey}#0`);
    const told = (this.#told.get(scope) ?? []).filter(({ atMs }) => atMs < endOf(window));
    const oldest = told.reduce((most, { revision }) => Math.max(most, revision), 0);
    const standing = (this.#said.get(scope) ?? []).filter(({ revision }) => revision >= oldest);
    return standing.map(({ limits }) => limits[kindOf(window)] ?? UNLIMITED_PICO);
  }

  #partsOf(budgetKey: string): PartState[] {
    return [...(this.#byBudget.get(budgetKey) ?? [])].map((key) => this.parts.get(key)!);
  }

  #settingsWritten(scope: string, item: StoredItem): void {
    const said = this.#said.get(scope) ?? [];
    const spec = said.find(({ revision }) => revision === 0)?.limits ?? {};
    const set = WINDOW_KINDS.flatMap((kind) => (item[kind] === undefined ? [] : [[kind, item[kind]]]));
    const limits = { ...spec, ...(Object.fromEntries(set) as Limits) };
    this.#said.set(scope, [...said, { revision: Number(item['revision']), limits }]);
  }

  /** A call was given money by a part that stood so: it was not frozen, and with it no more is spent and held than the limit in force. */
  #assertAllowed({ key, frozen }: PartState): void {
    must(frozen === undefined, `${key} is frozen, and gave money`);
    const { budgetKey } = partOf(key);
    const usedPico = this.#usedOf(budgetKey, key);
    const limitPico = this.limitsOf(budgetKey).reduce((most, pico) => (pico > most ? pico : most), 0n);
    must(
      usedPico <= limitPico,
      `${key} gave more than its limit allows: ${usedPico} of ${limitPico} are spent or held`,
    );
  }

  /** Spent, and held by calls: of what purses have drawn only what calls have taken from them. */
  #usedOf(budgetKey: string, asked: string): bigint {
    let usedPico = 0n;
    const drawn = new Set<string>();
    for (const { limitPico, availablePico, holds } of this.shardsOf(budgetKey)) {
      usedPico += limitPico - availablePico;
      for (const [id, value] of holds) {
        const parsed = parseId(id);
        if (parsed.kind !== 'float') continue;
        const purse = this.parts.get(`${budgetKey}#p${parsed.purse}`);
        usedPico += (purse ? purse.limitPico - purse.availablePico : 0n) - heldPico(value);
        drawn.add(`${budgetKey}#p${parsed.purse}`);
      }
    }
    must(!partOf(asked).part.startsWith('p') || drawn.has(asked), `${asked} gave money that no shard holds for it`);
    return usedPico;
  }
}

/** Whether a head got its share, with which a change ends. */
function isCompletion(before: PartState | undefined, { head, limitPico, frozen }: PartState): boolean {
  if (!head || head.revision !== before?.head?.revision) return false;
  const { totalPico, shards } = before.head;
  const isOther = totalPico !== head.totalPico || shards !== head.shards || before.limitPico !== limitPico;
  return isOther || (before.frozen !== undefined && frozen === undefined);
}

/** Whether a call came to hold more. */
function isGrant(before: PartState, after: PartState): boolean {
  return [...after.holds].some(([id, value]) => {
    const standing = before.holds.get(id);
    const morePico = heldPico(value) - (standing === undefined ? 0n : heldPico(standing));
    return parseId(id).kind === 'call' && morePico > 0n;
  });
}
