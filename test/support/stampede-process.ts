// A process of its own that makes the same call many times at once. Argument: JSON of `StampedeWork`. Prints `missed` when
// every call has read the cache in vain, and at the end what the replies were, as one line of JSON.
import { systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config.ts';
import { createPlatform } from '#platform/platform.ts';
import { FakeClock } from './fake-clock.ts';
import { patientDynamoDb } from './patient-dynamodb.ts';
import { CACHED, cachesOf } from './stampede.ts';
import { watchReads } from './watched-reads.ts';
import { WeirEnvironment } from './weir-environment.ts';

/** What the process is to do. */
export interface StampedeWork {
  readonly config: Config;
  readonly calls: number;
  /** Its time stands still there (epoch ms). Absent: the machine's own clock. */
  readonly atMs?: number;
}

const { config, calls, atMs } = JSON.parse(process.argv[2] ?? '') as StampedeWork;
const clock = atMs === undefined ? systemClock : new FakeClock(atMs);
const reads = watchReads(patientDynamoDb(config.endpoints.dynamodb ?? ''));
const platform = createPlatform({ config, clock, redact: (text) => text, writeLine: () => undefined });
const entries = Object.entries(CACHED).map(([name, { handler, spec }]) => {
  return { name, file: `${name}.ts`, handler, spec };
});
const environment = new WeirEnvironment(entries, { ...platform, dynamo: reads.dynamo });

// Whoever started it is gone.
process.stdin.resume().once('end', () => process.exit(1));

void reads.answered(calls).then(() => process.stdout.write('missed\n'));
const replies = await Promise.all(Array.from({ length: calls }, () => environment.post('haiku', { topic: 'rain' })));
process.stdout.write(`${JSON.stringify(cachesOf(replies))}\n`, () => process.exit(0));
