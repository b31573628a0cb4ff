import { partKey, partOf } from '#budgets/budget.ts';
import { endpointIn, parseId, type Piece } from '#budgets/hold.ts';
import type { PartState } from '#budgets/part.ts';
import { closePurse } from '#budgets/purses.ts';
import { chargeOf, settlePiece } from '#budgets/settlement.ts';
import { windowOf } from '#budgets/windows.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import { mintedAtMs } from '#platform/call-id.ts';
import { assertInTime, type SweepReport, type SweepRooms } from './sweep-rooms.ts';
import { writeOff } from './write-off.ts';

/** No caller waits for it here. */
const ANNOUNCE_ATTEMPTS = 3;
/** A mark is kept this long after it was made: no sweep that has not seen it lives so long. */
const MARK_KEPT_MS = 3_600_000;

/**
 * Goes through the holds of one counter: calls whose process is dead by now are settled by the ledger, purses that are used
 * no more are closed, marks that have served are taken away.
 *
 * @param waiting calls whose late facts are not applied yet: their marks stay
 * @returns whether anything was done
 */
export async function sweepPart(
  { key, holds }: PartState,
  waiting: ReadonlySet<string>,
  rooms: SweepRooms,
  report: SweepReport,
): Promise<boolean> {
  const nowMs = rooms.platform.clock.nowMs();
  const queue = [...holds].filter(([id, value]) => isDue(id, value, nowMs, waiting));
  const touched = queue.length > 0;
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [id, value] = next;
      await sweepHold({ part: key, id, value }, waiting, rooms, report);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, work));
  return touched;
}

/** Holds of one counter that are dealt with side by side. */
const AT_ONCE = 8;

function isDue(id: string, value: string, nowMs: number, waiting: ReadonlySet<string>): boolean {
  const parsed = parseId(id);
  if (parsed.kind !== 'mark') return parsed.expiresAtMs < nowMs;
  const madeAtMs = parseInt(value.slice(value.indexOf('|') + 1), 36) * 1000;
  return nowMs - madeAtMs > MARK_KEPT_MS && !waiting.has(parsed.callId);
}

async function sweepHold(
  piece: Piece,
  waiting: ReadonlySet<string>,
  rooms: SweepRooms,
  report: SweepReport,
): Promise<void> {
  const parsed = parseId(piece.id);
  assertInTime(rooms);
  if (parsed.kind === 'mark') await rooms.budgets.parts.clear(piece);
  else if (parsed.kind === 'call') await settleLost(piece, parsed.callId, rooms, report);
  else await sweepPurse(piece, parsed.purse, waiting, rooms, report);
}

/** The ledger decides: the entry that stands, or the one that is put now, says what the hold is worth. */
async function settleLost(piece: Piece, callId: string, rooms: SweepRooms, report: SweepReport): Promise<void> {
  const { ledger, budgets, platform } = rooms;
  const { scope } = partOf(piece.part);
  const endpoint = scope.startsWith('endpoint:') ? scope.slice('endpoint:'.length) : endpointIn(piece.value);
  const known = await ledger.find(endpoint, callId);
  const entry = known?.entry ?? (await decide(endpoint, callId, rooms, report));
  // Whoever died may have written the entry, and not yet that there is one.
  await ledger.announce(endpoint, windowOf('month', mintedAtMs(callId)), ANNOUNCE_ATTEMPTS);
  assertInTime(rooms);
  await settlePiece(budgets.parts, piece, chargeOf(piece, entry.holds));
  report.settled += 1;
  platform.log.info('a hold was settled by the sweeper', { callId, part: piece.part });
}

async function decide(endpoint: string, callId: string, rooms: SweepRooms, report: SweepReport): Promise<LedgerEntry> {
  const { platform, budgets, ledger, requestId } = rooms;
  const lost = {
    callId,
    endpoint,
    functionName: platform.config.functionName,
    requestId,
    nowMs: platform.clock.nowMs(),
  };
  const proposed = await writeOff(lost, budgets);
  assertInTime(rooms);
  const entry = await ledger.propose(proposed);
  if (entry === proposed) {
    if (entry.outcome === 'void') report.voided += 1;
    else {
      report.writtenOff += 1;
      platform.log.error('a call was lost; it counts at its bound', { alarm: 'lost-spend', callId, endpoint });
    }
  }
  return entry;
}

/** A purse whose time is over: what its own calls left is settled, and the rest goes back. */
async function sweepPurse(
  float: Piece,
  purse: string,
  waiting: ReadonlySet<string>,
  rooms: SweepRooms,
  report: SweepReport,
): Promise<void> {
  const { parts } = rooms.budgets;
  const part = partKey({ key: partOf(float.part).budgetKey }, purse);
  const state = await parts.read(part);
  if (state) await sweepPart(state, waiting, rooms, report);
  assertInTime(rooms);
  if (await closePurse(parts, float, part)) report.pursesClosed += 1;
}
