import { setTimeout } from 'node:timers/promises';
import type { AtRest } from '../at-rest.ts';
import type { Section } from '../report.ts';
import { slopeOf } from '../statistics.ts';
import { CLIENTS } from './load.ts';
import type { Pace } from './pace.ts';
import type { Stand } from './stand.ts';

const STREAMS = 10_000;
const STREAMS_A_LOOK = 500;
/** As fast as they can be made; the clients wait for nothing but the upstream's first thought. */
const PACE: Pace = { chunks: 20, everyMs: 1 };
/** Half as much a stream as one object of a call that stays behind would be. */
const FLAT_MB = 0.064;
/** Weir closes connections that rested for longer than 4 s as it makes the next call. */
const REST_MS = 4_200;

/**
 * What stays behind after 10,000 streams, every other one of `summarize`. The heap is looked at after garbage collection, block by
 * block; its growth is the slope through all looks.
 */
export async function streamHeap(stand: Stand): Promise<Section> {
  const { gateway, targets } = stand;
  const block = async () => {
    for (const target of [targets.chat, targets.summarize])
      await stand.read(target, { streams: STREAMS_A_LOOK / 2, pace: PACE });
  };
  const looks: AtRest[] = [];
  await block();
  const first = await lookRested(stand);
  for (let streams = 0; streams < STREAMS; streams += STREAMS_A_LOOK) {
    await block();
    looks.push(await gateway.atRest());
  }
  const last = await lookRested(stand);
  const leftOver = (name: string, of: 'timers' | 'descriptors' | 'processListeners' | 'performanceEntries') =>
    ({ name, measured: last[of] - first[of], unit: 'left over', aim: 0, note: `${last[of]} in all` }) as const;
  return {
    title: `What ${STREAMS} streams leave behind, ${CLIENTS} at a time, every other one of summarize`,
    rows: [
      {
        name: 'heap',
        measured: (slopeOf(looks.map(({ heapBytes }) => heapBytes)) / STREAMS_A_LOOK) * 1e-3,
        unit: 'MB / 1,000 streams',
        aim: FLAT_MB,
        note: `${megabytes(first.heapBytes)} → ${megabytes(last.heapBytes)}`,
      },
      leftOver('timers', 'timers'),
      leftOver('sockets and files', 'descriptors'),
      leftOver('process listeners', 'processListeners'),
      leftOver('performance entries', 'performanceEntries'),
    ],
  };
}

/** When all connections that will be closed are. */
async function lookRested({ gateway, read, targets }: Stand): Promise<AtRest> {
  await setTimeout(REST_MS);
  await read(targets.chat, { streams: 1, pace: PACE });
  await setTimeout(REST_MS);
  return gateway.atRest();
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}
