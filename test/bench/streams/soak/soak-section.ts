import { heapsOf, leftBehind } from '../../left-behind.ts';
import type { Section } from '../../report.ts';
import { percentileOf } from '../../statistics.ts';
import { soak } from './soak.ts';

const CLIENTS = 200;
const FOR_MS = 60_000;
/** What code compiled at 200 streams at a time takes, which later goes again. The streams' chunks come to thirty megabytes. */
const FLAT_MB = 4;

/** The soak for a minute, with its figures. */
export async function soakSection(): Promise<Section> {
  const { read, failures, mostOpen, looks, ledger, upstream, asked } = await soak({
    clients: CLIENTS,
    leastEach: 1,
    forMs: FOR_MS,
  });
  const { start, middle, end } = looks;
  const firstTokenMs = read.map((stream) => stream.firstTokenMs);
  return {
    title: `${CLIENTS} streams at a time for a minute, on both compatible APIs and summarize, with the embedded DynamoDB`,
    rows: [
      { name: 'whole streams', measured: read.length, unit: 'streams', note: `${mostOpen} at a time` },
      { name: 'lost or mixed up', measured: failures.length, unit: 'streams', aim: 0, note: failures[0] ?? '' },
      { name: 'chunks', measured: read.reduce((sum, { chunks }) => sum + chunks, 0), unit: 'chunks' },
      { name: 'first token, p50', measured: percentileOf(firstTokenMs, 0.5), unit: 'ms' },
      { name: 'first token, p99', measured: percentileOf(firstTokenMs, 0.99), unit: 'ms' },
      {
        name: 'asked for, not in the ledger',
        measured: Math.abs(asked - ledger.entries),
        unit: 'streams',
        aim: 0,
        note: Object.entries(ledger.kinds)
          .map(([kind, count]) => `${count} ${kind}`)
          .join(', '),
      },
      {
        name: 'ledger less the upstream’s bill',
        measured: Number(BigInt(ledger.cost) - BigInt(upstream.billed)),
        unit: 'pUSD',
        aim: 0,
        note: `${upstream.billed} pUSD in all`,
      },
      {
        name: 'heap, from start to end',
        measured: (end.heapBytes - start.heapBytes) / 1e6,
        unit: 'MB',
        aim: FLAT_MB,
        note: `${heapsOf(start, middle, end)}: at start, amid it, at the end`,
      },
      ...leftBehind(start, end),
    ],
  };
}
