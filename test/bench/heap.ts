import type { AtRest } from './at-rest.ts';
import { heapsOf, leftBehind } from './left-behind.ts';
import type { Section } from './report.ts';
import { slopeOf } from './statistics.ts';
import { BLOCK_CALLS, callHits, callMisses, type WarmEnvironment } from './warm-environment.ts';

const CALLS = 10_000;
const CALLS_A_LOOK = 2 * BLOCK_CALLS;

/**
 * A call that leaves anything behind leaves an object and a reference to it, which is more. What is left below is V8's own
 * book-keeping, which over 60,000 calls comes to nothing.
 */
const FLAT_BYTES = 32;

/**
 * What stays behind after 10,000 warm calls, half of them hits (D10). The heap is looked at after garbage collection, block
 * by block; its growth is the slope through all looks.
 */
export async function heap(summarize: WarmEnvironment): Promise<Section> {
  const looks: AtRest[] = [await summarize.atRest()];
  for (let calls = 0; calls < CALLS; calls += CALLS_A_LOOK) {
    await callMisses(summarize);
    await callHits(summarize);
    looks.push(await summarize.atRest());
  }
  const [first, last] = [looks[0]!, looks.at(-1)!];
  return {
    title: `What ${CALLS} warm calls of summarize leave behind, half of them hits`,
    rows: [
      {
        name: 'heap',
        measured: slopeOf(looks.map(({ heapBytes }) => heapBytes)) / CALLS_A_LOOK,
        unit: 'bytes a call',
        aim: FLAT_BYTES,
        note: heapsOf(first, last),
      },
      ...leftBehind(first, last),
    ],
  };
}
