import type { EntryHandler } from '#edge/entry-handler.ts';
import type { EntrySpec } from '#edge/specs.ts';
import type { Platform } from '#platform/platform.ts';
import * as setBudget from '../../../functions/finance/set-budget.ts';
import * as sweepBudgets from '../../../functions/finance/sweep-budgets.ts';
import { haiku } from '../haiku.ts';
import { sqsEvent } from '../lambda-events.ts';
import { WeirEnvironment } from '../weir-environment.ts';
import type { Outcome, Task } from './errand.ts';

/** Does a task in an environment of its own: the product's handler gets one event, as Lambda would give it. */
export async function perform(task: Task, platform: Platform): Promise<Outcome> {
  const serving = (name: string, { handler, spec }: { readonly handler: EntryHandler; readonly spec: EntrySpec }) =>
    new WeirEnvironment([{ name, file: `${name}.ts`, handler, spec }], platform);
  switch (task.kind) {
    case 'call': {
      const { endpoint, terms, caller, topic, headers = {} } = task;
      const { status, body } = await serving(endpoint, haiku(terms)).post(endpoint, { topic }, { caller, headers });
      return { status, body };
    }
    case 'message': {
      const { endpoint, terms, messageId, message } = task;
      const event = sqsEvent([{ messageId, body: JSON.stringify(message), receives: 1 }]);
      return { body: await serving(endpoint, haiku(terms)).invoke(endpoint, event) };
    }
    case 'limit': {
      const environment = serving('finance/set-budget', setBudget);
      const options = { params: { scope: task.scope }, roles: ['administrator'] as const };
      const { status, body } = await environment.put('finance/set-budget', task.body, options);
      return { status, body };
    }
    case 'sweep':
      return { body: await serving('finance/sweep-budgets', sweepBudgets).runSchedule('finance/sweep-budgets') };
  }
}
