import { Stack, Tags } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { EndpointSpec } from '#edge/specs.ts';
import { functionTimeoutSeconds } from '../function-timeout.ts';
import { pathOf } from '../routes.ts';
import type { BundleOf } from './bundle-of.ts';
import { EndpointQueues } from './endpoint-queues.ts';
import { EntryFunction } from './entry-function.ts';
import type { State } from './state.ts';
import { upstreamCredential } from './upstream-credential.ts';

export interface EndpointProps {
  readonly bundle: BundleOf<'endpoint'>;
  readonly state: State;
  /** A message that failed so often is buried, where there is a queue. @default 3 */
  readonly maxReceives?: number;
  /** Environments that work on the queue at once, with ten messages each; 2 at least. @default 5 */
  readonly maxConcurrency?: number;
  /** Queues beside its own to which results may go, by the name that a message's `replyTo` gives. @default none */
  readonly sharedResultQueues?: Readonly<Record<string, IQueue>>;
  /** Further variables of the function. What is given here stays as it is. @default none */
  readonly environment?: Readonly<Record<string, string>>;
}

/** SQS hands a poller ten messages at most, without a batching window; the function runs them side by side. */
const MESSAGES_A_BATCH = 10;

/** Answers are read and put, one or many; a leader takes its lease, renews it and gives it back. */
const CACHING = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:BatchWriteItem'];
/** Counters are opened, held in and settled; a scope's settings and shards are read together. */
const HOLDING = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'];
/** The record that tells a call from its repeat is claimed, finished or released. */
const REPEATING = ['dynamodb:GetItem', 'dynamodb:PutItem'];
/** A caller's requests of a second are counted, where API Gateway does not count them. */
const COUNTING = ['dynamodb:UpdateItem'];

/** One endpoint: a function, with queues where its spec has them, which reaches what its spec implies and nothing else. */
export class Endpoint extends Construct {
  readonly spec: EndpointSpec;
  /** Of its route: `/v1/summarize`. */
  readonly path: string;
  readonly function: EntryFunction;
  /** Undefined where it has none. */
  readonly queues: EndpointQueues | undefined;

  constructor(scope: Construct, id: string, props: EndpointProps) {
    super(scope, id);
    const { bundle, state, maxReceives = 3, sharedResultQueues = {} } = props;
    const { name, spec } = bundle.entry;
    this.spec = spec;
    this.path = pathOf(bundle.entry);
    this.queues = spec.hasQueue
      ? new EndpointQueues(this, 'Queues', { functionTimeoutSeconds: functionTimeoutSeconds(spec), maxReceives })
      : undefined;
    const resultQueues = this.queues ? { ...sharedResultQueues, [`${name}-results`]: this.queues.results } : {};

    const credential = upstreamCredential(state, spec.secret);
    this.function = new EntryFunction(this, 'Handler', {
      bundle,
      environment: {
        ...tableVariables(spec, state),
        ...credential.variables,
        ...(this.queues && {
          WEIR_QUEUE_URL: this.queues.work.queueUrl,
          WEIR_DEAD_LETTER_QUEUE_URL: this.queues.deadLetters.queueUrl,
          WEIR_MAX_RECEIVES: String(maxReceives),
          WEIR_RESULT_QUEUES: Stack.of(this).toJsonString(urlsOf(resultQueues)),
        }),
        ...props.environment,
      },
    });
    this.#allowMoneyPath(state);
    credential.allow(this.function);
    if (this.queues) {
      this.#allowToSend(this.queues.deadLetters, ...Object.values(resultQueues));
      this.#workOn(this.queues.work, props.maxConcurrency ?? 5);
    }
    Tags.of(this).add('weir:endpoint', name);
  }

  /** The requests that cache, ledger, budgets and idempotency make, one by one. */
  #allowMoneyPath({ tables }: State): void {
    const { cache, ledger, budgets, jobs } = tables;
    if (caches(this.spec)) this.function.allow(cache.tableArn, ...CACHING);
    // An entry that already stands is read, to tell a repeat from a difference.
    this.function.allow(ledger.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
    this.function.allow(budgets.tableArn, ...HOLDING);
    this.function.allow(jobs.tableArn, ...REPEATING, ...COUNTING);
  }

  #allowToSend(...queues: readonly IQueue[]): void {
    for (const queue of queues) this.function.allow(queue.queueArn, 'sqs:SendMessage');
  }

  /**
   * Lambda's poller works as the function's role, and the event source adds what it needs for this queue: also what the
   * function itself uses of it, to change a message's visibility.
   */
  #workOn(queue: IQueue, maxConcurrency: number): void {
    const source = new SqsEventSource(queue, {
      batchSize: MESSAGES_A_BATCH,
      reportBatchItemFailures: true,
      maxConcurrency,
    });
    this.function.lambda.addEventSource(source);
  }
}

/** Whether answers may be kept: by the endpoint's own word, or where a request asks for it. */
function caches({ deterministic, cachesOnRequest }: EndpointSpec): boolean {
  return deterministic !== undefined || cachesOnRequest;
}

function tableVariables(spec: EndpointSpec, { tables }: State): Record<string, string> {
  return {
    ...(caches(spec) && { WEIR_CACHE_TABLE: tables.cache.tableName }),
    WEIR_LEDGER_TABLE: tables.ledger.tableName,
    WEIR_BUDGETS_TABLE: tables.budgets.tableName,
    WEIR_JOBS_TABLE: tables.jobs.tableName,
  };
}

function urlsOf(queues: Readonly<Record<string, IQueue>>): Record<string, string> {
  return Object.fromEntries(Object.entries(queues).map(([name, queue]) => [name, queue.queueUrl]));
}
