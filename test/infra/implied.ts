import type { Writable } from '#edge/specs.ts';
import { slugOf, type Entry } from '#infra/inventory.ts';
import type { Permission } from './reach.ts';

/** What whoever deploys has chosen for secrets, by the names that specs use. */
export interface Chosen {
  /** Those whose keys are rotated. */
  readonly rotated?: readonly string[];
  /** Those that have no key. */
  readonly keyless?: readonly string[];
}

const on = (resource: string, ...actions: string[]): Permission[] => actions.map((action) => `${action} ${resource}`);
const onTable = (table: string, ...actions: string[]): Permission[] =>
  on(`table-${table}`, ...actions.map((action) => `dynamodb:${action}`));
const onSecret = (name: string, ...actions: string[]): Permission[] =>
  on(`secret-${name}`, ...actions.map((action) => `secretsmanager:${action}`));

const READING = { ledger: ['Query'], callers: ['GetItem'], budgets: ['GetItem'], audit: ['Query'] };
const WRITING = {
  ledger: ['GetItem', 'PutItem'],
  budgets: ['GetItem', 'PutItem', 'UpdateItem'],
  callers: ['GetItem', 'PutItem', 'UpdateItem'],
  audit: ['PutItem'],
};

/** What a function may do by its spec, sorted; written down once more: nothing here is taken from the constructs. */
export function implied({ name, spec }: Entry, { rotated = [], keyless = [] }: Chosen = {}): Permission[] {
  const slug = slugOf(name);
  if (spec.kind !== 'endpoint') {
    const log = isTimed(spec) ? `${slug}/Handler/Logs` : `${slug}/Logs`;
    return [
      ...on(log, 'logs:CreateLogStream', 'logs:PutLogEvents'),
      ...new Set([
        ...spec.reads.flatMap((table) => onTable(table, ...READING[table])),
        ...writesOf(spec).flatMap((table) => onTable(table, ...WRITING[table])),
      ]),
      ...(notifies(spec) ? on('Notices', 'sns:Publish') : []),
      ...(spec.kind === 'route' && spec.usageKeys ? onApiGateway(spec.usageKeys) : []),
      ...(spec.kind === 'rotation' ? onRotated(rotated) : []),
    ].sort();
  }
  const caching = ['GetItem', 'BatchGetItem', 'PutItem', 'BatchWriteItem'];
  return [
    ...on(`${slug}/Handler/Logs`, 'logs:CreateLogStream', 'logs:PutLogEvents'),
    ...(spec.deterministic || spec.cachesOnRequest ? onTable('cache', ...caching) : []),
    ...onTable('ledger', 'GetItem', 'PutItem'),
    ...onTable('budgets', 'GetItem', 'PutItem', 'UpdateItem'),
    ...onTable('jobs', 'GetItem', 'PutItem', 'UpdateItem'),
    ...(keyless.includes(spec.secret) ? on('*', 'sts:GetWebIdentityToken') : onSecret(spec.secret, 'GetSecretValue')),
    ...(spec.hasQueue ? onQueues(slug) : []),
  ].sort();
}

/** The admin key is read; the rotated secrets are read and written. */
function onRotated(rotated: readonly string[]): Permission[] {
  const writing = ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'];
  return [...onSecret('openai-admin', 'GetSecretValue'), ...rotated.flatMap((name) => onSecret(name, ...writing))];
}

function onQueues(slug: string): Permission[] {
  const working = ['ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'GetQueueAttributes', 'GetQueueUrl'];
  return [
    ...on(`${slug}/Queues/DeadLetters`, 'sqs:SendMessage'),
    ...on(`${slug}/Queues/Results`, 'sqs:SendMessage'),
    ...on(`${slug}/Queues/Work`, ...working.map((action) => `sqs:${action}`)),
  ];
}

/** Keys of API Gateway are made and put into the plans of this deployment, one by one, or found and deleted. */
function onApiGateway(usageKeys: 'makes' | 'deletes'): Permission[] {
  const controlPlane = 'arn:aws:apigateway:eu-central-1::';
  if (usageKeys === 'deletes') {
    const [found, deleted] = [`${controlPlane}/apikeys`, `${controlPlane}/apikeys/*`];
    return [...on(found, 'apigateway:GET'), ...on(deleted, 'apigateway:DELETE')];
  }
  const plans = [1, 5, 10, 25, 50, 100].map((rate) => `${controlPlane}/usageplans/Gateway/RatePlans/Plan${rate}/keys`);
  return [
    ...on(`${controlPlane}/apikeys`, 'apigateway:GET', 'apigateway:POST'),
    ...on(`${controlPlane}/usageplans`, 'apigateway:GET'),
    ...plans.flatMap((plan) => on(plan, 'apigateway:POST')),
  ];
}

/** An authorizer has nothing to write. */
export function writesOf(spec: Entry['spec']): Writable[] {
  return 'writes' in spec ? [...spec.writes] : [];
}

/** What the clock starts. */
export function isTimed(spec: Entry['spec']): boolean {
  return spec.kind === 'schedule' || spec.kind === 'rotation';
}

export function notifies(spec: Entry['spec']): boolean {
  return spec.kind === 'schedule' && spec.notifies;
}
