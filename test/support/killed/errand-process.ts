/**
 * A process that does one errand. Nothing in it knows that it may be killed. Started by `errand-runner.ts`, as a bundle.
 */
import { redactLine } from '#edge/redact-line.ts';
import { parseConfig } from '#platform/config.ts';
import { createPlatform, type Platform } from '#platform/platform.ts';
import { FakeClock } from '../fake-clock.ts';
import { patientDynamoDb } from '../patient-dynamodb.ts';
import type { Errand } from './errand.ts';
import { perform } from './perform.ts';

const errand = JSON.parse(process.argv[2] ?? '') as Errand;
void perform(errand.task, platformOf(errand)).then((outcome) => {
  process.stdout.write(JSON.stringify(outcome), () => process.exit(0));
});

/** A clock that stands, a random source that gives 0, and patience: a slow machine shall not change what is asked. */
function platformOf({ atMs, variables }: Errand): Platform {
  const config = parseConfig(variables);
  const platform = createPlatform({
    config,
    clock: new FakeClock(atMs),
    random: () => 0,
    redact: redactLine,
    writeLine: (line) => void process.stderr.write(`${line}\n`),
  });
  return { ...platform, dynamo: patientDynamoDb(config.endpoints.dynamodb ?? '') };
}
