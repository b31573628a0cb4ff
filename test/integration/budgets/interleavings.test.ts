import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { createTables, localTableName } from '#infra/local/create-tables.ts';
import { parseConfig } from '#platform/config.ts';
import { createPlatform } from '#platform/platform.ts';
import { planOf, type Plan } from '#test/support/interleaved-plan.ts';
import { InterleavedRun } from '#test/support/interleaved-run.ts';
import { patientDynamoDb } from '#test/support/patient-dynamodb.ts';
import { sharedDynamoDb } from '#test/support/shared-dynamodb.ts';

/** More of them: `WEIR_INTERLEAVINGS=5000 npm test -- interleavings`; others: `WEIR_INTERLEAVINGS_SEED=7`. */
const RUNS = Number(process.env['WEIR_INTERLEAVINGS'] ?? 200);
const SEED = Number(process.env['WEIR_INTERLEAVINGS_SEED'] ?? 20_261_122);
const MOST_EPISODES = 30;
/** Runs side by side: while one waits for the database, another goes on. */
const LANES = 2;
/** Of what happened in a run that failed, so many lines are shown. */
const SHOWN_LINES = 250;

async function openTables() {
  const endpoint = await sharedDynamoDb();
  const prefix = `interleavings-${randomUUID()}`;
  await createTables(endpoint, prefix);
  const config = parseConfig({
    WEIR_BUDGETS_TABLE: localTableName('budgets', prefix),
    WEIR_LEDGER_TABLE: localTableName('ledger', prefix),
  });
  const platform = createPlatform({ config, redact: (text) => text, writeLine: () => undefined });
  const dynamo = patientDynamoDb(endpoint);
  let runs = 0;
  return async (plan: Plan) => {
    const run = new InterleavedRun(plan, platform, dynamo, `${runs++}|`);
    try {
      await run.play();
    } catch (error) {
      const story = run.network.trace.slice(-SHOWN_LINES).join('\n');
      throw new Error(`${(error as Error).message}\n\nWhat happened:\n${story}`, { cause: error });
    }
  };
}

test(
  'L1 L5 L6 whatever the order of requests, losses, pauses, deaths, changes and sweeps: every sum stands, no limit is passed, each call is charged once',
  async () => {
    const play = await openTables();
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      fc.assert(fc.asyncProperty(planOf(MOST_EPISODES), play), {
        numRuns: Math.ceil(RUNS / LANES),
        seed: SEED + lane,
      }),
    );
    await Promise.all(lanes);
  },
  // A run that fails is played again and again, until it is short.
  1_800_000,
);
