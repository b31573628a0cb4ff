/**
 * A process that does one errand. Nothing in it knows that it may be killed. Started by `errand-runner.ts`, as a bundle.
 */
import { redactLine } from '#edge/redact-line.ts';
import { parseConfig } from '#platform/config.ts';
import { createPlatform, type Platform } from '#platform/platform.ts';
import { FakeClock } from '../fake-clock.ts';
import { patientDynamoDb } from '../patient-dynamodb.ts';
import { AWAKE, LONG_AFTER_MS, type Errand } from './errand.ts';
import { perform } from './perform.ts';

const errand = JSON.parse(process.argv[2] ?? '') as Errand;
/** It stands, so that no slow machine changes what is asked; but for a signal, by which a process that slept wakes up. */
const clock = new FakeClock(errand.atMs);
process.on('SIGUSR2', () => void clock.advance(LONG_AFTER_MS).then(() => process.stderr.write(`${AWAKE}\n`)));
// It ends when nothing is under way any more: an environment that is thawed goes on with what its last call has left.
void perform(errand.task, platformOf(errand)).then((outcome) => process.stdout.write(JSON.stringify(outcome)));

/** A random source that gives 0, and patience: both for the clock's reason. */
function platformOf({ variables }: Errand): Platform {
  const config = parseConfig(variables);
  const platform = createPlatform({
    config,
    clock,
    random: () => 0,
    redact: redactLine,
    writeLine: (line) => void process.stderr.write(`${line}\n`),
  });
  return { ...platform, dynamo: patientDynamoDb(config.endpoints.dynamodb ?? '') };
}
