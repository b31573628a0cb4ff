import { UNLIMITED_PICO } from '#budgets/budget.ts';
import type { SpecLimits } from '#budgets/limits.ts';
import { createRooms } from '#call/rooms.ts';
import { boundOf } from '#call/price-attempt.ts';
import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import type { Platform } from '#platform/platform.ts';
import { FakeClock } from './fake-clock.ts';
import { startCall, type Bill, type CallEnvironment } from './interleaved-calls.ts';
import { Network, quiet, type Sender } from './interleaved-network.ts';
import type { Meanwhile, Plan, Step } from './interleaved-plan.ts';
import { SimulatedProcess } from './interleaved-process.ts';
import { assertAtRest } from './interleaved-rest.ts';
import { Tables, type Change } from './interleaved-tables.ts';
import { must, Watch } from './interleaved-watch.ts';
import { startChange, startSweep, type Worker } from './interleaved-workers.ts';
import { seededRandom } from './seeded-random.ts';

/** What a plan counts limits in: a call of middle size may cost about so much. */
const CALL_PICO = 25_000_000n;
const MIDNIGHT_MS = Date.UTC(2026, 11, 1);
/** A timer of the product's that is due so soon is waited for when nothing else moves. */
const IDLE_MS = 50;
const SLICE_MS = 10_000;
const HOUR_MS = 3_600_000;
const MOST_SWEEPS = 6;

/** One run: the product's own code in simulated processes, over tables of its own, by a plan. */
export class InterleavedRun {
  readonly clock: FakeClock;
  readonly network: Network;
  readonly bills: Bill[] = [];
  readonly #plan: Plan;
  readonly #platform: Platform;
  readonly #tables: Tables;
  readonly #watch: Watch;
  readonly #spec: SpecLimits;
  readonly #environments: CallEnvironment[] = [];
  readonly #workers: SimulatedProcess[] = [];
  readonly #setRevisions = new Map<Sender, number>();
  #born = 0;

  /** @param platform whose tables are used, under keys that begin with `prefix` */
  constructor(plan: Plan, platform: Platform, dynamo: DynamoDb, prefix: string) {
    const { endpoint, secondsToMidnight } = plan.setting;
    this.#plan = plan;
    this.#platform = platform;
    this.clock = new FakeClock(MIDNIGHT_MS - secondsToMidnight * 1000);
    this.network = new Network(this.clock);
    const limitsPico = { month: BigInt(endpoint.month) * CALL_PICO, day: BigInt(endpoint.day) * CALL_PICO };
    this.#spec = { limitsPico, shards: endpoint.shards };
    this.#watch = new Watch(this.clock, new Map([['endpoint:e0', limitsPico]]));
    this.#tables = new Tables(dynamo, prefix, (change) => this.#wrote(change));
  }

  /** Plays the plan to its end, and what follows when everybody is gone. @throws what does not hold */
  async play(): Promise<void> {
    await this.#begin();
    for (const step of this.#plan.steps) {
      await this.#do(step);
      await quiet();
      this.network.assertNoFailure();
      this.#workers.splice(0, Infinity, ...this.#workers.filter(({ running, isDead }) => running > 0 && !isDead));
    }
    await this.#rest();
  }

  async #begin(): Promise<void> {
    const { caller, account } = this.#plan.setting;
    const table = this.#platform.config.tables.budgets;
    const pico = (calls: number | undefined) => (calls === undefined ? undefined : BigInt(calls) * CALL_PICO);
    const settings = { month: pico(caller.month), shards: caller.shards, revision: 1 };
    await this.#tables.put(table, { pk: 'settings#caller:c0', ...settings });
    const { month, day, shards } = account;
    await this.#tables.put(table, { pk: 'settings#account', month: pico(month), day: pico(day), shards, revision: 1 });
    for (let at = 0; at < 3; at++) this.#environments.push(this.#newEnvironment());
  }

  async #do(step: Step): Promise<void> {
    switch (step.do) {
      case 'call':
        return this.#call(step);
      case 'serve':
        return this.#serve(step.requests, seededRandom(step.order));
      case 'strike':
        return this.network.strike(step.at, step.fate);
      case 'crash':
        return this.#crash(step.process);
      case 'pause':
        return this.#busy(step.process)?.pause(step.forMs);
      case 'wait':
        return this.#wait(step.ms, step.meanwhile);
      case 'sweep':
        return this.#sweep();
      case 'change':
        return this.#change(step);
    }
  }

  #call({ environment, caller, size, ends }: Step & { do: 'call' }): void {
    const number = this.bills.length;
    const plan = { number, endpoint: 'e0', caller: `c${caller}`, spec: this.#spec, size, ends };
    this.bills.push(startCall(this.#environments[environment]!, plan));
  }

  async #serve(requests: number, random: () => number): Promise<void> {
    for (let served = 0; served < requests; served++) {
      if (this.network.open > 0) await this.network.serve(Math.floor(random() * this.network.open));
      else await this.clock.advance(IDLE_MS);
    }
  }

  #crash(at: number): void {
    const process = this.#busy(at);
    if (!process) return;
    this.network.note(process, '✝');
    process.isDead = true;
    this.network.died(process);
    const environment = this.#environments.findIndex((each) => each.process === process);
    if (environment >= 0) this.#environments[environment] = this.#newEnvironment();
  }

  async #wait(ms: number, meanwhile: Meanwhile): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    while (this.clock.nowMs() < untilMs) {
      if (meanwhile !== 'all is silent') await this.network.serveAwake(meanwhile === 'all goes on');
      const nextMs = Math.min(untilMs, this.clock.nowMs() + SLICE_MS);
      await this.network.passTime(nextMs);
      await this.clock.advance(nextMs - this.clock.nowMs());
      for (const process of this.#processes()) process.catchUp();
      await quiet();
    }
  }

  #sweep(onEnd?: (failed: number) => void): void {
    startSweep(this.#newWorker('sweep'), new Map([['e0', this.#spec]]), onEnd);
  }

  #change({ scope, kind, limitCalls, shards }: Step & { do: 'change' }): void {
    const standing = this.#watch.limitsOf(`${scope}#${kind === 'month' ? '2026-11' : '2026-11-30'}`).at(-1);
    const asItIs = standing === UNLIMITED_PICO ? undefined : standing;
    const limitPico = limitCalls === undefined ? asItIs : BigInt(limitCalls) * CALL_PICO;
    const worker = this.#newWorker('set');
    startChange(worker, { scope, kind, limitPico, shards }, scope === 'endpoint:e0' ? this.#spec : undefined, () => {
      this.#watch.told(scope, this.#setRevisions.get(worker.process)!);
    });
  }

  /** Everybody who still can comes to an end, also those who come back when all is swept; then the sweeper has the last word. */
  async #rest(): Promise<void> {
    await this.#finish();
    await this.#wait(900_000, 'all goes on');
    this.#sweep();
    await this.#finish();
    for (const process of this.#processes()) process.resume();
    await this.#finish();
    for (const { name, running } of this.#processes()) must(running === 0, `${name} has not come to an end`);
    for (let sweeps = 1; ; sweeps++) {
      await this.#wait(2 * HOUR_MS, 'all goes on');
      const { writes } = this.#tables;
      const failures: number[] = [];
      this.#sweep((failed) => failures.push(failed));
      await this.#finish();
      must(failures[0] === 0, 'a sweep in peace has failed');
      if (this.#tables.writes === writes) break;
      must(sweeps < MOST_SWEEPS, 'there is always something left to sweep');
    }
    this.network.assertNoFailure();
    await this.#tables.assertAsKept();
    assertAtRest(this.#tables, this.#watch, this.bills, this.clock.nowMs());
  }

  /** Until nobody who is awake has anything under way. */
  async #finish(): Promise<void> {
    await quiet();
    for (let turns = 0; this.#processes().some(({ running, isAwake }) => isAwake && running > 0); turns++) {
      must(turns < 100_000, 'it does not come to an end');
      if (this.network.open > 0) await this.network.serve(0);
      else await this.clock.advance(IDLE_MS);
    }
  }

  #wrote(change: Change): void {
    const { actor } = this.network;
    const { revision } = change.after;
    if (actor && change.key.startsWith('settings#') && revision !== undefined) {
      this.#setRevisions.set(actor, Number(revision));
    }
    this.#watch.wrote(change);
  }

  #newEnvironment(): CallEnvironment {
    const { process, platform } = this.#newProcess('env');
    const onSend: CallEnvironment['onSend'] = (call, request) => {
      const { pico } = boundOf(request, call);
      for (const budget of this.#watch.budgets) {
        const heldPico = this.#watch.heldFor(budget, call.id);
        if (heldPico > 0n && heldPico < pico) {
          this.network.fail(`${call.id} is sent, and ${budget} holds ${heldPico} of ${pico}`);
        }
      }
    };
    return { process, rooms: createRooms(platform), network: this.network, onSend };
  }

  #newWorker(kind: string): Worker {
    const worker = { ...this.#newProcess(kind), network: this.network };
    this.#workers.push(worker.process);
    return worker;
  }

  /** A process, and the product's platform as it has it. */
  #newProcess(kind: string): { readonly process: SimulatedProcess; readonly platform: Platform } {
    const number = this.#born++;
    const process = new SimulatedProcess(kind, number, this.clock, this.network, this.#tables);
    const { clock, dynamo } = process;
    const random = seededRandom(this.#plan.setting.seed + number);
    return { process, platform: { ...this.#platform, clock, dynamo, random } };
  }

  #processes(): SimulatedProcess[] {
    return [...this.#environments.map(({ process }) => process), ...this.#workers];
  }

  /** One of those that have something under way. */
  #busy(at: number): SimulatedProcess | undefined {
    const busy = this.#processes().filter(({ running }) => running > 0);
    return busy[at % busy.length];
  }
}
