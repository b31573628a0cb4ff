/**
 * A process that does one errand, as Lambda would have it done: a real handler of the product, its real clients, one event.
 * Nothing in it knows that it may be killed. Started by `errand-runner.ts`, as a bundle, for that starts in a fifth of the time.
 */
import { parseConfig } from '#platform/config.ts';
import { createPlatform, type Platform } from '#platform/platform.ts';
import { redactLine } from '#edge/redact-line.ts';
import * as setBudget from '../../../functions/finance/set-budget.ts';
import * as sweepBudgets from '../../../functions/finance/sweep-budgets.ts';
import { FakeClock } from '../fake-clock.ts';
import { haiku } from '../haiku.ts';
import { sqsEvent } from '../lambda-events.ts';
import { patientDynamoDb } from '../patient-dynamodb.ts';
import { WeirEnvironment } from '../weir-environment.ts';
import { TOPIC, type Errand, type Outcome, type Task } from './errand.ts';

const errand = JSON.parse(process.argv[2] ?? '') as Errand;
const outcome = await run(errand.task, platformOf(errand));
process.stdout.write(JSON.stringify(outcome), () => process.exit(0));

/** A clock that stands, a random source that gives 0, and patience: what a slow machine does must not change the requests. */
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

async function run(task: Task, platform: Platform): Promise<Outcome> {
  const serving = (name: string, { handler, spec }: typeof setBudget | typeof sweepBudgets | ReturnType<typeof haiku>) =>
    new WeirEnvironment([{ name, file: `${name}.ts`, handler, spec }], platform);
  switch (task.kind) {
    case 'call': {
      const { endpoint, terms, caller, headers = {} } = task;
      return serving(endpoint, haiku(terms)).post(endpoint, { topic: TOPIC }, { caller, headers });
    }
    case 'message': {
      const { endpoint, terms, messageId, message } = task;
      const event = sqsEvent([{ messageId, body: JSON.stringify(message), receives: 1 }]);
      return { body: await serving(endpoint, haiku(terms)).invoke(endpoint, event) };
    }
    case 'limit': {
      const { scope, body } = task;
      return serving('finance/set-budget', setBudget).put('finance/set-budget', body, {
        params: { scope },
        roles: ['administrator'],
      });
    }
    case 'sweep':
      return { body: await serving('finance/sweep-budgets', sweepBudgets).runSchedule('finance/sweep-budgets') };
  }
}
