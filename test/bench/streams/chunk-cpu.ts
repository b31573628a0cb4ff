import { spreadRow, type Row, type Section } from '../report.ts';
import { ratiosOf, spreadOf } from '../statistics.ts';
import { CLIENTS, type Target } from './load.ts';
import type { Pace } from './pace.ts';
import { absentRow } from './peers.ts';
import type { Serving } from './serving.ts';
import type { Stand } from './stand.ts';

/** One round alone says little: on a machine that is shared, neighbours move it by a fifth. */
const ROUNDS = 9;
const SHORT: Pace = { chunks: 40, everyMs: 4 };
const LONG: Pace = { chunks: 640, everyMs: 4 };

/** Reads a block of streams, and gives the CPU milliseconds that it cost what is measured. */
type Block = (pace: Pace) => Promise<number>;

/** One of each a round. */
interface Costs {
  readonly chunkUs: number[];
  readonly callMs: number[];
}

/**
 * CPU of one more chunk: what long streams cost more than short ones, so that what a call costs once is apart. Each in a process of its
 * own, in turn, round after round, each divided by the pipe, or by the SDK, of its round.
 */
export async function chunkCpu(stand: Stand): Promise<Section> {
  const { targets, gateway, pipe, portkey } = stand;
  const through =
    (serving: Serving, target: Target): Block =>
    (pace) =>
      cpuOf(serving, () => stand.read(target, { streams: CLIENTS, pace }));
  const blocks = new Map<string, Block>([
    ['raw byte pipe', through(pipe, targets.pipe)],
    ['openai SDK', (pace) => stand.sdk.ask({ streams: CLIENTS, pace })],
    ['chat/completions', through(gateway, targets.chat)],
    ['summarize', through(gateway, targets.summarize)],
  ]);
  if (portkey && 'serving' in portkey && targets.portkey) {
    blocks.set('Portkey', through(portkey.serving, targets.portkey));
  }
  const costs = await measureInTurn(blocks);

  const of = (name: string) => costs.get(name) as Costs;
  const [raw, sdk, chat, summarize] = [of('raw byte pipe'), of('openai SDK'), of('chat/completions'), of('summarize')];
  return {
    title: `CPU of a streamed chunk: long streams less short ones (${ROUNDS} rounds of ${CLIENTS} × ${LONG.chunks} and ${SHORT.chunks} chunks of each, in turn)`,
    rows: [
      spreadRow('raw byte pipe', spreadOf(raw.chunkUs), { unit: 'µs' }),
      spreadRow('openai SDK, read directly', spreadOf(sdk.chunkUs), { unit: 'µs' }),
      ratioRow('chat/completions ÷ pipe', chat, raw, 1.5),
      ratioRow('chat/completions ÷ SDK', chat, sdk),
      ratioRow('summarize ÷ pipe', summarize, raw),
      blocks.has('Portkey')
        ? ratioRow('Portkey ÷ pipe', of('Portkey'), raw)
        : absentRow('Portkey ÷ pipe', '×', portkey),
    ],
  };
}

async function measureInTurn(blocks: ReadonlyMap<string, Block>): Promise<Map<string, Costs>> {
  const costs = new Map<string, Costs>();
  for (const [name, block] of blocks) {
    costs.set(name, { chunkUs: [], callMs: [] });
    for (const pace of [SHORT, LONG, LONG]) await block(pace);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, block] of blocks) {
      const [shortMs, longMs] = [await block(SHORT), await block(LONG)];
      const chunkMs = (longMs - shortMs) / CLIENTS / (LONG.chunks - SHORT.chunks);
      costs.get(name)?.chunkUs.push(chunkMs * 1000);
      costs.get(name)?.callMs.push(shortMs / CLIENTS - SHORT.chunks * chunkMs);
    }
  }
  return costs;
}

async function cpuOf(serving: Serving, work: () => Promise<unknown>): Promise<number> {
  const before = await serving.cpuMs();
  await work();
  return (await serving.cpuMs()) - before;
}

function ratioRow(name: string, { chunkUs, callMs }: Costs, base: Costs, aim?: number): Row {
  const note = `${spreadOf(chunkUs).median.toFixed(1)} µs, and ${spreadOf(callMs).median.toFixed(1)} ms a call`;
  return spreadRow(name, ratiosOf(chunkUs, base.chunkUs), { unit: '×', ...(aim !== undefined && { aim }), note });
}
