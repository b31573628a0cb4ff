import type { BudgetStores } from '#budgets/budgets.ts';
import { partKey, type ScopeName } from '#budgets/budget.ts';
import { partsOf } from '#budgets/budget-book.ts';
import { heldPico, parseId, parsePrimary, type OtherBudget, type Piece } from '#budgets/hold.ts';
import type { PartState } from '#budgets/part.ts';
import { chargesFor } from '#budgets/settlement.ts';
import { windowOf } from '#budgets/windows.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import { mintedAtMs } from '#platform/call-id.ts';
import { noUsage } from '#protocol/usage.ts';

/** A call that left holds and no ledger entry: its process died. */
export interface LostCall {
  readonly callId: string;
  readonly endpoint: string;
  readonly functionName: string;
  readonly requestId: string;
  readonly nowMs: number;
}

/**
 * The entry of a call whose process died. Of its rounds the highest that stands whole may have been sent: it counts at what
 * it held, `unknown`. If none stands whole nothing was sent, for a process sends only what all budgets hold: `void`, at 0.
 */
export async function writeOff(call: LostCall, stores: BudgetStores): Promise<LedgerEntry> {
  const { callId, endpoint } = call;
  const month = await stores.book.read(`endpoint:${endpoint}#${windowOf('month', mintedAtMs(callId))}`);
  const own = piecesOf(callId, month ? partsOf(month) : []);
  const rounds = [...new Set(own.map(roundOf))].toSorted((a, b) => b - a);
  for (const round of rounds) {
    const primary = own.filter((piece) => roundOf(piece) === round);
    const facts = primary.map((piece) => parsePrimary(piece.value));
    const { caller, model, basePico } = facts[0]!;
    const others = merged(facts.flatMap((fact) => fact.others));
    const places = [
      primary,
      ...(await Promise.all(others.map((other) => piecesIn(other, { caller, endpoint, callId, round }, stores)))),
    ];
    const sums = places.map((pieces) => pieces.reduce((sum, piece) => sum + heldPico(piece.value), 0n));
    if (sums.some((pico) => pico < basePico)) continue;
    // No attempt was sent beyond what every budget holds.
    const costPico = sums.reduce((least, pico) => (pico < least ? pico : least));
    const attempt = { modelAsked: model, costPico, basis: 'unknown' as const, outcome: 'lost', latencyMs: 0 };
    return {
      ...blank(call, caller, model),
      holds: chargesFor(
        places.map((pieces) => ({ pieces })),
        costPico,
      ),
      attempts: [attempt],
      costPico,
      unknownPico: costPico,
      basis: 'unknown',
      outcome: 'lost',
    };
  }
  const known = own[0] && parsePrimary(own[0].value);
  return blank(call, known?.caller ?? 'unknown', known?.model ?? 'none');
}

function blank(
  { callId, endpoint, functionName, requestId, nowMs }: LostCall,
  caller: string,
  model: string,
): LedgerEntry {
  return {
    callId,
    endpoint,
    functionName,
    caller,
    callerKind: 'unknown',
    model,
    holds: [],
    attempts: [],
    cache: 'miss',
    usage: noUsage,
    costPico: 0n,
    unknownPico: 0n,
    savedPico: 0n,
    basis: 'exact',
    outcome: 'void',
    latencyMs: nowMs - mintedAtMs(callId),
    requestId,
  };
}

interface RoundFacts {
  readonly caller: string;
  readonly endpoint: string;
  readonly callId: string;
  readonly round: number;
}

/** A round's pieces in another of its budgets: in all shards, and in the purses that were used. */
async function piecesIn(
  { code, purses }: OtherBudget,
  facts: RoundFacts,
  { book, parts }: BudgetStores,
): Promise<Piece[]> {
  const { caller, endpoint, callId, round } = facts;
  const owners: Readonly<Record<string, ScopeName>> = {
    e: `endpoint:${endpoint}`,
    c: `caller:${caller}`,
    a: 'account',
  };
  const window = windowOf(code.endsWith('d') ? 'day' : 'month', mintedAtMs(callId));
  const key = `${owners[code[0]!]}#${window}`;
  const [budget, ...drawn] = await Promise.all([
    book.read(key),
    ...purses.map((purse) => parts.read(partKey({ key }, purse))),
  ]);
  const standing = [...(budget ? partsOf(budget) : []), ...drawn].filter((part) => part !== undefined);
  return piecesOf(callId, standing).filter((piece) => roundOf(piece) === round);
}

function piecesOf(callId: string, parts: readonly PartState[]): Piece[] {
  return parts.flatMap(({ key, holds }) =>
    [...holds].flatMap(([id, value]) => {
      const parsed = parseId(id);
      return parsed.kind === 'call' && parsed.callId === callId ? [{ part: key, id, value }] : [];
    }),
  );
}

function roundOf({ id }: Piece): number {
  const parsed = parseId(id);
  return parsed.kind === 'call' ? parsed.round : -1;
}

/** A top-up may have used one more purse than the first pieces knew of. */
function merged(others: readonly OtherBudget[]): OtherBudget[] {
  const byCode = new Map<OtherBudget['code'], Set<string>>();
  for (const { code, purses } of others) {
    const known = byCode.get(code) ?? new Set();
    byCode.set(code, known);
    for (const purse of purses) known.add(purse);
  }
  return [...byCode].map(([code, purses]) => ({ code, purses: [...purses] }));
}
