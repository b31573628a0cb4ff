import type { Section } from '../report.ts';
import { chunkCpu } from './chunk-cpu.ts';
import { startStand } from './stand.ts';
import { streamHeap } from './stream-heap.ts';
import { timeToFirstToken } from './time-to-first-token.ts';

/** What streams cost: time to their first token, CPU of a chunk, and what many of them leave behind. @param withPeers measures Portkey too */
export async function streams(progress: (step: string) => void, withPeers: boolean): Promise<Section[]> {
  progress(withPeers ? 'installing and starting what streams go through' : 'starting what streams go through');
  await using stand = await startStand(withPeers);
  const sections: Section[] = [];
  progress('time to first token');
  sections.push(await timeToFirstToken(stand));
  progress('CPU of a chunk');
  sections.push(await chunkCpu(stand));
  progress('heap over 10,000 streams');
  sections.push(await streamHeap(stand));
  return sections;
}
