/**
 * One environment of Weir in a process of its own, with many callers who all call at once. Started by `processes.test.ts`, with
 * one argument: its settings as JSON. It is told of each round of calls by a message, and answers each call's status by one.
 */
import { createPlatform } from '#platform/platform.ts';
import { parseConfig } from '#platform/config.ts';
import type { Clock } from '#platform/clock.ts';
import { haiku } from '#test/support/haiku.ts';
import { patientDynamoDb } from '#test/support/patient-dynamodb.ts';
import { WeirEnvironment } from '#test/support/weir-environment.ts';

/** What the test tells the process as it starts. */
export interface CallerSettings {
  /** The functions' environment. */
  readonly variables: Readonly<Record<string, string>>;
  readonly dynamoEndpoint: string;
  /** The time, which stands still. */
  readonly nowMs: number;
}

/** So many calls at once, to an endpoint of this name and budget. */
export interface CallRound {
  readonly endpoint: string;
  readonly budget?: { readonly monthlyUsd: string; readonly shards: number };
  readonly calls: number;
}

/** Of one call. `ready`: the process has started. */
export type CallerMessage = { readonly status: number; readonly code: string | undefined } | 'ready';

/** Longer timers are deadlines: eight processes on a small machine are slower than any deadline should be. */
const LONGEST_WAIT_MS = 1_000;

/** Of which Middy's own timer makes use. */
const REMAINING_MS = 600_000;

const settings = JSON.parse(process.argv[2] ?? '{}') as CallerSettings;
const clock: Clock = {
  nowMs: () => settings.nowMs,
  startTimer(fire, delayMs) {
    if (delayMs > LONGEST_WAIT_MS) return () => undefined;
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};
const platform = {
  ...createPlatform({
    config: parseConfig(settings.variables),
    clock,
    redact: (text) => text,
    writeLine: () => undefined,
  }),
  dynamo: patientDynamoDb(settings.dynamoEndpoint),
};
const environments = new Map<string, WeirEnvironment>();

async function post(environment: WeirEnvironment, endpoint: string): Promise<void> {
  const { status, body } = await environment.post(endpoint, { topic: 'rain' }, { remainingMs: REMAINING_MS });
  const message: CallerMessage = { status, code: body['code'] as string | undefined };
  process.send?.(message);
}

process.on('message', ({ endpoint, budget, calls }: CallRound) => {
  let environment = environments.get(endpoint);
  if (!environment) {
    const { handler, spec } = haiku(budget ? { budget } : {});
    environment = new WeirEnvironment([{ name: endpoint, file: `${endpoint}.ts`, handler, spec }], platform);
    environments.set(endpoint, environment);
  }
  for (let call = 0; call < calls; call++) void post(environment, endpoint);
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
