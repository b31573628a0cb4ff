import { spreadRow, type Row, type Section } from '../report.ts';
import { percentileOf, spreadOf } from '../statistics.ts';
import { CLIENTS, type Target } from './load.ts';
import type { Pace } from './pace.ts';
import { absentRow } from './peers.ts';
import type { Stand } from './stand.ts';

const ROUNDS = 5;
const STREAMS_A_ROUND = 6 * CLIENTS;
/** Long enough that the clients open some forty streams a second, which leaves every core idle most of the time. */
const PACE: Pace = { chunks: 40, everyMs: 10 };
const AIM_MS = 5;

/** Milliseconds to the first token, round by round. */
type Rounds = number[][];

/**
 * What stands on the way of a first token: the time to it, less that of the same streams read from the upstream itself. All are read
 * in turn, round after round, and the median of each round is compared with the direct one of its round.
 */
export async function timeToFirstToken(stand: Stand): Promise<Section> {
  const { direct, directResponses, chat, summarize, portkey } = stand.targets;
  const ways = [direct, chat, directResponses, summarize, ...(portkey ? [portkey] : [])];
  const read = (target: Target) => stand.read(target, { streams: STREAMS_A_ROUND, pace: PACE, isScattered: true });
  for (const target of ways) await read(target);

  const seen = new Map<Target, Rounds>(ways.map((target) => [target, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of ways) seen.get(target)?.push([...(await read(target)).firstTokenMs]);
  }
  const of = (target: Target) => seen.get(target) ?? [];
  return {
    title: `Time to first token at ${CLIENTS} streams at a time, less that of the upstream itself (${ROUNDS * STREAMS_A_ROUND} streams of each, in turn)`,
    rows: [
      directRow('upstream itself, chat', of(direct)),
      ...addedRows('chat/completions', of(chat), of(direct), AIM_MS),
      directRow('upstream itself, responses', of(directResponses)),
      ...addedRows('summarize', of(summarize), of(directResponses), AIM_MS),
      ...(portkey ? addedRows('Portkey', of(portkey), of(direct)) : [absentRow('Portkey', 'ms', stand.portkey)]),
    ],
  };
}

function directRow(name: string, rounds: Rounds): Row {
  const note = `p99 ${percentileOf(rounds.flat(), 0.99).toFixed(1)} ms`;
  return spreadRow(name, spreadOf(rounds.map((round) => percentileOf(round, 0.5))), { unit: 'ms', note });
}

function addedRows(name: string, through: Rounds, direct: Rounds, aim?: number): Row[] {
  const medians = (rounds: Rounds) => rounds.map((round) => percentileOf(round, 0.5));
  const added = medians(through).map((ms, round) => ms - (medians(direct)[round] as number));
  const ratio = spreadOf(medians(through)).median / spreadOf(medians(direct)).median;
  const added99 = percentileOf(through.flat(), 0.99) - percentileOf(direct.flat(), 0.99);
  return [
    spreadRow(`${name}, added p50`, spreadOf(added), {
      unit: 'ms',
      ...(aim !== undefined && { aim }),
      note: `${ratio.toFixed(2)} × direct`,
    }),
    { name: `${name}, added p99`, measured: added99, unit: 'ms', note: 'of all rounds together' },
  ];
}
