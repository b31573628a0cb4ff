import type { Detector } from '#redaction/detector.ts';
import { createScanner, type Scanner } from '#redaction/scanner.ts';
import { repeated } from './adversaries.ts';

/** The fastest of so many runs: what a busy neighbour takes only ever adds. */
const RUNS = 9;

/** Megabytes (of UTF-16 units, each as one byte) that a scanner reads in a second. */
export function megabytesPerSecond(scan: Scanner, texts: readonly string[], runs = RUNS): number {
  const units = texts.reduce((sum, { length }) => sum + length, 0);
  return units / 1000 / fastestMs(() => texts.forEach((text) => void scan(text)), runs);
}

/** Milliseconds for a unit repeated to so many characters. */
export function adversaryMs(scan: Scanner, unit: string, length: number): number {
  const text = repeated(unit, length);
  return fastestMs(() => void scan(text), 2, cpuMs);
}

/** What each detector adds to a scan for nothing at all, in nanoseconds per kilobyte: the dearest first. */
export function costsOf(detectors: readonly Detector[], texts: readonly string[]): { kind: string; nsPerKb: number }[] {
  const kilobytes = texts.reduce((sum, { length }) => sum + length, 0) / 1000;
  const costOf = (set: readonly Detector[]) => {
    const scan = createScanner(set);
    return (fastestMs(() => texts.forEach((text) => void scan(text)), 4) * 1e6) / kilobytes;
  };
  const bare = costOf([]);
  const kinds = Map.groupBy(detectors, ({ kind }) => kind);
  const costs = Array.from(kinds, ([kind, set]) => ({ kind, nsPerKb: Math.max(0, costOf(set) - bare) }));
  return costs.toSorted((a, b) => b.nsPerKb - a.nsPerKb);
}

/** What this thread has worked, whatever else the machine does. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function fastestMs(run: () => void, runs: number, nowMs = () => performance.now()): number {
  let fastest = Infinity;
  for (let index = 0; index < runs; index += 1) {
    const startedMs = nowMs();
    run();
    fastest = Math.min(fastest, nowMs() - startedMs);
  }
  return fastest;
}
