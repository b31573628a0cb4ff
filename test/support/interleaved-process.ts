import { EXPIRY_MARGIN_MS, parseId } from '#budgets/hold.ts';
import type { DynamoDb, Expression } from '#platform/aws/dynamodb.ts';
import type { SendOptions } from '#platform/aws/signed-service.ts';
import type { Clock } from '#platform/clock.ts';
import type { FakeClock } from './fake-clock.ts';
import type { Network } from './interleaved-network.ts';
import { nameOf, type Tables } from './interleaved-tables.ts';

/**
 * A process that may be paused or die between any two requests. Paused it hears nothing and its timers stand still, but what it
 * has sent arrives; dead it is never heard of again.
 */
export class SimulatedProcess {
  /** `env` for an environment of endpoints; or what it does. */
  readonly kind: string;
  readonly name: string;
  readonly clock: Clock;
  readonly dynamo: DynamoDb;
  isDead = false;
  /** Programs that have begun and not ended. */
  running = 0;
  #pausedUntilMs = 0;
  readonly #shared: FakeClock;
  readonly #network: Network;
  readonly #overslept: (() => void)[] = [];

  constructor(kind: string, number: number, clock: FakeClock, network: Network, tables: Tables) {
    this.kind = kind;
    this.name = `${kind}${number}`;
    this.#shared = clock;
    this.#network = network;
    this.clock = {
      // Whole milliseconds, as a real clock's: a backoff may end between two.
      nowMs: () => Math.floor(clock.nowMs()),
      startTimer: (fire, delayMs) => this.#startTimer(fire, delayMs),
    };
    this.dynamo = dynamoOf(this, network, tables);
  }

  get isAwake(): boolean {
    return !this.isDead && this.#shared.nowMs() >= this.#pausedUntilMs;
  }

  get isPaused(): boolean {
    return !this.isDead && this.#shared.nowMs() < this.#pausedUntilMs;
  }

  /** Begins something. What it throws is its own affair, and stands in the story. */
  start(program: () => Promise<void>): void {
    this.running += 1;
    void program()
      .catch((error: unknown) => this.#network.note(this, `gives up: ${String(error)}`))
      .finally(() => (this.running -= 1));
  }

  pause(forMs: number): void {
    this.#pausedUntilMs = this.#shared.nowMs() + forMs;
  }

  resume(): void {
    this.#pausedUntilMs = 0;
    this.catchUp();
  }

  /** Timers that came due in a pause fire as it ends. */
  catchUp(): void {
    if (this.isAwake) for (const fire of this.#overslept.splice(0)) fire();
  }

  #startTimer(fire: () => void, delayMs: number): () => void {
    let isCancelled = false;
    const unlessCancelled = () => {
      if (!isCancelled) fire();
    };
    const cancel = this.#shared.startTimer(() => {
      if (this.isPaused) this.#overslept.push(unlessCancelled);
      else if (!this.isDead) unlessCancelled();
    }, delayMs);
    return () => {
      isCancelled = true;
      cancel();
    };
  }
}

/** The product's client as it is, to who uses it: a request is tried again when no answer comes, as often as is said. */
function dynamoOf(process: SimulatedProcess, network: Network, tables: Tables): DynamoDb {
  /** A call's holds may be touched until its process is killed: told by the hold's id. */
  const assertInTime = ({ names = {} }: Expression) => {
    const id = names['#id'];
    const parsed = id === undefined ? undefined : parseId(id);
    if (process.kind !== 'env' || parsed?.kind !== 'call') return;
    if (process.clock.nowMs() < parsed.expiresAtMs - EXPIRY_MARGIN_MS) return;
    network.fail(`${process.name} touches ${id}, and was to be dead by then`);
  };
  const ask = async <Result>(
    text: string,
    work: () => Promise<Result>,
    { attempts = 3 }: SendOptions = {},
  ): Promise<Result> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await network.send(process, text, work);
      } catch (error) {
        if (attempt >= attempts) throw error;
      }
    }
  };
  const unexpected = () => {
    throw new Error('no such request belongs to the counters or the ledger');
  };
  return {
    // A sweep looks at many lists that nobody has ever written: no turn is taken for those.
    get: async (table, key, options) =>
      isList(key) && !tables.get(table, key)
        ? undefined
        : ask(`read ${nameOf(key)}`, async () => tables.get(table, key), options),
    put: (table, item, expression, options) =>
      ask(`put ${nameOf(item)}`, () => tables.put(table, item, expression), options),
    update: (table, key, update, expression, options) => {
      assertInTime(expression);
      return ask(
        `${nameOf(key)}: ${inWords(update, expression)}`,
        async () => ((await tables.updated(table, key, update, expression)) ? 'written' : 'condition failed'),
        options,
      );
    },
    updated: (table, key, update, expression, options) =>
      ask(
        `${nameOf(key)}: ${inWords(update, expression)}`,
        () => tables.updated(table, key, update, expression),
        options,
      ),
    batchGet: unexpected,
    batchPut: unexpected,
    query: unexpected,
  };
}

function isList(key: Parameters<typeof nameOf>[0]): boolean {
  return /^(open|late|settings)#\d+$/.test(nameOf(key));
}

/** An update with its names and values in their places. */
function inWords(update: string, { names = {}, values = {} }: Expression): string {
  return update.replaceAll(/[#:]\w+/g, (placeholder) => {
    const value = names[placeholder] ?? values[placeholder];
    if (value instanceof Set) return [...(value as ReadonlySet<string>)].join();
    return typeof value === 'object' ? '…' : String(value);
  });
}
