import { formatTable, machine } from '../report.ts';
import { chunkCpu } from './chunk-cpu.ts';
import { startStand } from './stand.ts';
import { streamHeap } from './stream-heap.ts';
import { timeToFirstToken } from './time-to-first-token.ts';
const on = machine();
await using stand = await startStand(process.argv.includes('--peers'));
const t=Date.now();
const sections=[];
for (const f of [timeToFirstToken, chunkCpu, streamHeap]) if (process.argv.includes(f.name)) { const t1=Date.now(); sections.push(await f(stand)); console.log(f.name, Date.now()-t1); }
console.log(formatTable(on, sections, (Date.now()-t)/1000));
