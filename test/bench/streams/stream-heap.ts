import { setTimeout } from 'node:timers/promises';
import type { AtRest } from '../at-rest.ts';
import { heapsOf, leftBehind } from '../left-behind.ts';
import type { Section } from '../report.ts';
import { slopeOf } from '../statistics.ts';
import { CLIENTS } from './load.ts';
import type { Pace } from './pace.ts';
import type { Stand } from './stand.ts';

const STREAMS = 10_000;
const STREAMS_A_LOOK = 500;
/** As fast as they can be made; the clients wait for nothing but the upstream's first thought. */
const PACE: Pace = { chunks: 20, everyMs: 1 };
/** 64 bytes a stream: one that left anything behind would leave an object, a reference to it, and most likely a chunk. */
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
  return {
    title: `What ${STREAMS} streams leave behind, ${CLIENTS} at a time, every other one of summarize`,
    rows: [
      {
        name: 'heap',
        measured: (slopeOf(looks.map(({ heapBytes }) => heapBytes)) / STREAMS_A_LOOK) * 1e-3,
        unit: 'MB / 1,000 streams',
        aim: FLAT_MB,
        note: heapsOf(first, last),
      },
      ...leftBehind(first, last),
    ],
  };
}

/** When all connections that will be closed are. */
async function lookRested(stand: Stand): Promise<AtRest> {
  await setTimeout(REST_MS);
  await stand.read(stand.targets.chat, { streams: 1, pace: PACE });
  await setTimeout(REST_MS);
  return stand.gateway.atRest();
}
