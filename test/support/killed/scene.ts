import { randomUUID } from 'node:crypto';
import type { ScopeName } from '#budgets/budget.ts';
import type { WindowKind } from '#budgets/windows.ts';
import type { SweepReport } from '#call/sweep/sweep-rooms.ts';
import { createTables, localTableName } from '#infra/local/create-tables.ts';
import { parseUsd } from '#platform/money.ts';
import type { Platform } from '#platform/platform.ts';
import type { BillLine } from '../scripted-bill.ts';
import type { RecordedRequest, Step as UpstreamStep } from '../scripted-exchange.ts';
import type { ScriptedUpstream } from '../scripted-upstream.ts';
import type { Weir } from '../weir.ts';
import { openCrossing, type CrossingRequest, type Service } from './crossing.ts';
import { LONG_AFTER_MS, type Outcome, type Task } from './errand.ts';
import { sharedErrandRunner, type RunningErrand } from './errand-runner.ts';
import { pointName, type KillPoint, type Step } from './kill-points.ts';
import { perform } from './perform.ts';
import { Rehearsal } from './rehearsal.ts';
import { nameWithoutNumbers, requestName } from './request-name.ts';
import { Standstill } from './standstill.ts';
import { dumpTables, restoreTables, type Dump } from './table-dump.ts';

export interface SceneParts {
  readonly weir: Weir;
  readonly upstream: ScriptedUpstream;
  /** What the upstream does with the requests of each killed call, one after the other. */
  readonly script: readonly UpstreamStep[];
  /** By caller: what of its script is left. */
  readonly scripts: Map<string, UpstreamStep[]>;
  /** Past all proxies, and as patient as the processes. */
  readonly platform: Platform;
  /** Where the services are. */
  readonly targets: Readonly<Record<Service, string>>;
}

export interface Rehearsed {
  readonly outcome: Outcome;
  readonly steps: readonly Step[];
  /** What was not answered yet when the handler gave its reply: work that a frozen Lambda may never do. */
  readonly afterReply: readonly string[];
}

/** What happens around a kill. */
export interface AroundKill {
  /** While the process hangs at its point. */
  readonly meanwhile?: () => Promise<unknown> | undefined;
  /** When it is gone, and its request may still be on its way: `landLate` has it land. */
  readonly afterwards?: (landLate: () => Promise<void>) => Promise<void>;
}

/** A process that sleeps. */
export interface Paused extends AsyncDisposable {
  /** It wakes up long after, and comes to its end. What it had sent lands only then, or is lost on the way. */
  goOn(how: 'land' | 'lose'): Promise<void>;
}

/** A Weir whose processes are killed: each in an endpoint and with a caller of its own, `haiku-17` and `ada-17`. */
export class Scene {
  readonly weir: Weir;
  readonly upstream: ScriptedUpstream;
  readonly #parts: SceneParts;

  constructor(parts: SceneParts) {
    this.#parts = parts;
    this.weir = parts.weir;
    this.upstream = parts.upstream;
  }

  /** From here on the upstream does what the scene's script says with the requests of this number's caller, or queue. */
  play(number: number): void {
    const script = [...this.#parts.script];
    for (const caller of [`ada-${number}`, `queue:haiku-${number}`]) this.#parts.scripts.set(caller, script);
  }

  /** What the upstream has billed for this number. */
  billOf(number: number): readonly BillLine[] {
    const own = this.upstream.requests.filter((request) => callerOf(request).endsWith(`-${number}`));
    const ids = new Set(own.map(({ requestId }) => requestId));
    return this.upstream.bill.lines.filter((line) => ids.has(line.requestId));
  }

  /** Says in the settings what a scope may spend. */
  async limit(
    scope: ScopeName,
    limitsUsd: Readonly<Partial<Record<WindowKind, string>>>,
    shards?: number,
  ): Promise<void> {
    const limitsPico = Object.fromEntries(Object.entries(limitsUsd).map(([kind, usd]) => [kind, parseUsd(usd)]));
    const settings = { limitsPico, revision: 0, ...(shards !== undefined && { shards }) };
    await this.weir.budgetStores.settings.replace(scope, settings);
  }

  /** Does a task in this process, undisturbed. */
  perform(task: Task): Promise<Outcome> {
    return perform(task, this.#parts.platform);
  }

  async sweep(): Promise<SweepReport> {
    return (await this.perform({ kind: 'sweep' })).body as SweepReport;
  }

  /** Does a task in a process of its own that comes to its end, and notes its requests. */
  async rehearse(task: Task): Promise<Rehearsed> {
    const rehearsal = new Rehearsal();
    await using started = await this.#start(task, rehearsal.onRequest);
    let stepsAtReply = 0;
    void started.running.replied.then(() => (stepsAtReply = rehearsal.steps.length));
    const outcome = await started.running.ended;
    if (!outcome) throw new Error('a process that was not to be killed was killed');
    const { steps } = rehearsal;
    return { outcome, steps, afterReply: steps.slice(stepsAtReply).flat() };
  }

  /** Does a task in a process of its own, and kills that at a point. @throws when it comes to its end before */
  async killAt(point: KillPoint, task: Task, around: AroundKill = {}): Promise<void> {
    const ended = await this.killOrLetEnd(point, task, around);
    if (ended) throw new Error(`it ended before it was killed ${pointName(point)}: ${JSON.stringify(ended)}`);
  }

  /** The same; what the process said at its end, if it did not come to the point. */
  async killOrLetEnd(point: KillPoint, task: Task, around: AroundKill = {}): Promise<Outcome | undefined> {
    const standstill = new Standstill(point);
    await using started = await this.#start(task, standstill.onRequest);
    const ended = await Promise.race([standstill.reached, started.running.ended]);
    if (!ended) {
      await around.meanwhile?.();
      await started.running.kill();
    }
    await around.afterwards?.(() => standstill.landLate());
    return ended ?? undefined;
  }

  /** Does a task in a process of its own, and lets that sleep at a point. Whoever holds it wakes it up, or it is killed. */
  async pauseAt(point: KillPoint, task: Task): Promise<Paused> {
    const standstill = new Standstill(point);
    await using parts = new AsyncDisposableStack();
    const { running } = parts.use(await this.#start(task, standstill.onRequest));
    const ended = await Promise.race([standstill.reached, running.ended]);
    if (ended) throw new Error(`it ended before it was paused ${pointName(point)}: ${JSON.stringify(ended)}`);
    const owned = parts.move();
    return {
      async goOn(how) {
        await running.awaken();
        await standstill.release(how);
        await running.ended;
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  }

  /** Time passes, until whatever was left is left for good. */
  async passTime(): Promise<void> {
    await this.weir.clock.advance(LONG_AFTER_MS);
  }

  /** All that stands in the tables. */
  dump(): Promise<Dump> {
    const { targets, platform } = this.#parts;
    return dumpTables(targets.dynamodb, platform.config.tables);
  }

  /** The same scene over tables of its own, in which stands what a dump says. */
  async twin(dump: Dump): Promise<Scene> {
    const { targets, platform } = this.#parts;
    const prefix = `weir-${randomUUID()}`;
    await createTables(targets.dynamodb, prefix);
    const named = Object.keys(platform.config.tables).map((name) => [name, localTableName(name as keyof Dump, prefix)]);
    const tables = Object.fromEntries(named) as typeof platform.config.tables;
    await restoreTables(targets.dynamodb, tables, dump);
    return new Scene({ ...this.#parts, platform: { ...platform, config: { ...platform.config, tables } } });
  }

  async #start(
    task: Task,
    onRequest: (request: CrossingRequest) => void | Promise<void>,
  ): Promise<AsyncDisposable & { readonly running: RunningErrand }> {
    await using parts = new AsyncDisposableStack();
    // A sweep has to do with many numbers; a call with its own, which must not tell it from another.
    const nameOf = task.kind === 'sweep' ? requestName : nameWithoutNumbers;
    const crossing = parts.use(await openCrossing({ targets: this.#parts.targets, nameOf, onRequest }));
    const runner = await sharedErrandRunner();
    const variables = this.#variables(crossing.endpoints);
    const running = runner.start({ atMs: this.weir.clock.nowMs(), variables, task });
    parts.defer(() => running.kill());
    const owned = parts.move();
    return { running, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }

  #variables(endpoints: Readonly<Record<Service, string>>): Readonly<Record<string, string>> {
    const { tables, openaiSecretId, catalogFile, queue } = this.#parts.platform.config;
    return {
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsmanager,
      AWS_ENDPOINT_URL_SQS: endpoints.sqs,
      OPENAI_BASE_URL: `${endpoints.openai}/v1`,
      WEIR_CACHE_TABLE: tables.cache,
      WEIR_LEDGER_TABLE: tables.ledger,
      WEIR_BUDGETS_TABLE: tables.budgets,
      WEIR_ADMINISTRATORS: 'key',
      WEIR_CALLERS_TABLE: tables.callers,
      WEIR_JOBS_TABLE: tables.jobs,
      WEIR_AUDIT_TABLE: tables.audit,
      WEIR_OPENAI_SECRET_ID: openaiSecretId,
      WEIR_CATALOG_FILE: catalogFile,
      WEIR_RESULT_QUEUES: JSON.stringify(queue.resultUrls),
    };
  }
}

/** Who asks, as the upstream is told: `ada-17`, or `queue:haiku-17`. */
export function callerOf({ body }: RecordedRequest): string {
  return String(body['safety_identifier']);
}
