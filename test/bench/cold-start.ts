import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { BUNDLE_BUDGET_BYTES } from '#infra/bundle/bundle-entries.ts';
import type { BenchBundles } from './bundles.ts';
import type { LoopbackAnswer } from './loopback-process.ts';
import { spreadRow, type Row, type Section } from './report.ts';
import { ratiosOf, spreadOf } from './statistics.ts';
import { lambdaEnvironment, misses, rawSdkEnvironment } from './traffic.ts';

const ROUNDS = 31;
const WARM_UP_ROUNDS = 2;
const START_WITHIN_MS = 20_000;
const PROBE = join(import.meta.dirname, 'cold-start-probe.cjs');

/** What is started: a handler's file, and an event if it shall answer one. */
interface Subject {
  readonly name: string;
  readonly file: string;
  readonly eventFile?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Milliseconds, one of each a round. */
interface Starts {
  readonly wall: number[];
  readonly cpu: number[];
}

/**
 * From the start of a process until its handler is ready. All are started in turn, round after round, and each is divided by
 * the empty handler of its own round, so that a machine that slows down slows both.
 */
export async function coldStart(bundles: BenchBundles): Promise<Section> {
  const empty = { name: 'empty handler', file: bundles.emptyFile };
  const rawSdk = { name: 'openai SDK alone', file: bundles.rawSdk.file };
  const functions = bundles.functions.map(({ entry }) => ({ name: entry.name, file: bundles.fileOf(entry.name) }));
  const starts = await startInTurn([empty, rawSdk, ...functions]);

  const rows = bundles.functions.map(({ entry, bytes }): Row => {
    const aims = entry.spec.kind === 'endpoint' ? { aim: 3.3, stretch: 2.5 } : {};
    return ratioRow(entry.name, starts, { ...aims, note: kilobytes(bytes) });
  });
  return {
    title: `Cold start: process start to handler ready, × an empty CommonJS handler (${ROUNDS} starts of each, in turn)`,
    rows: [baseRow(starts), ...rows, ratioRow(rawSdk.name, starts, { note: kilobytes(bundles.rawSdk.bytes) })],
  };
}

/** From the start of a process until it has answered its first call, which misses the cache. */
export async function firstReply(bundles: BenchBundles, loopback: LoopbackAnswer): Promise<Section> {
  const eventFile = join(bundles.folder, 'event.json');
  const bodyFile = join(bundles.folder, 'body.json');
  await writeFile(eventFile, JSON.stringify(misses(1)[0]));
  await writeFile(bodyFile, loopback.openaiBody);
  const starts = await startInTurn([
    { name: 'empty handler', file: bundles.emptyFile, eventFile },
    {
      name: 'openai SDK alone',
      file: bundles.rawSdk.file,
      eventFile: bodyFile,
      environment: rawSdkEnvironment(loopback),
    },
    { name: 'summarize', file: bundles.fileOf('summarize'), eventFile, environment: lambdaEnvironment(loopback) },
  ]);
  return {
    title: `First reply of a cold process: start and one call against loopback mocks, × an empty handler's (${ROUNDS} of each)`,
    rows: [baseRow(starts), ratioRow('summarize', starts, {}), ratioRow('openai SDK alone', starts, {})],
  };
}

/** Sizes of the deployed files, against the budgets that CI enforces. */
export function bundleSizes({ functions }: BenchBundles): Section {
  return {
    title: 'Bundles',
    rows: functions.map(({ entry, bytes }) => ({
      name: entry.name,
      measured: bytes / 1000,
      unit: 'KB',
      aim: BUNDLE_BUDGET_BYTES[entry.spec.kind] / 1000,
    })),
  };
}

async function startInTurn(subjects: readonly Subject[]): Promise<Map<string, Starts>> {
  const starts = new Map<string, Starts>(subjects.map(({ name }) => [name, { wall: [], cpu: [] }]));
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    for (const subject of subjects) {
      // Lets a signal through.
      await setImmediate();
      const { wallMs, cpuMs } = startOnce(subject);
      if (round < WARM_UP_ROUNDS) continue;
      const { wall, cpu } = starts.get(subject.name)!;
      wall.push(wallMs);
      cpu.push(cpuMs);
    }
  }
  return starts;
}

/** @throws when the process does not get as far as a good handler, with what it wrote */
function startOnce({ name, file, eventFile, environment = {} }: Subject): { wallMs: number; cpuMs: number } {
  const startedNs = process.hrtime.bigint();
  const { stdout, stderr, status, error } = spawnSync(
    process.execPath,
    [PROBE, file, ...(eventFile ? [eventFile] : [])],
    {
      env: environment,
      encoding: 'utf8',
      timeout: START_WITHIN_MS,
    },
  );
  // What a handler logs comes before the probe's own line, which is the last.
  const report = stdout.slice(stdout.lastIndexOf('\n') + 1);
  if (error || status !== 0 || !report.startsWith('{')) throw new Error(`${name} did not start: ${stderr || stdout}`);
  const { atNs, cpuMs, isGood } = JSON.parse(report) as { atNs: string; cpuMs: number; isGood: boolean };
  if (!isGood) throw new Error(`${name} started, but exports no handler, or answered badly: ${stdout}`);
  return { wallMs: Number(BigInt(atNs) - startedNs) / 1e6, cpuMs };
}

function baseRow(starts: Map<string, Starts>): Row {
  return spreadRow('empty handler', spreadOf(starts.get('empty handler')!.wall), { unit: 'ms' });
}

function ratioRow(name: string, starts: Map<string, Starts>, rest: Pick<Row, 'aim' | 'stretch' | 'note'>): Row {
  const [own, base] = [starts.get(name)!, starts.get('empty handler')!];
  const cpu = `CPU ${ratiosOf(own.cpu, base.cpu).median.toFixed(2)} ×`;
  const note = rest.note === undefined ? cpu : `${cpu}, ${rest.note}`;
  return spreadRow(name, ratiosOf(own.wall, base.wall), { ...rest, unit: '×', note });
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} KB`;
}
