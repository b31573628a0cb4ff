import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScopeName } from '#budgets/budget.ts';
import type { WindowKind } from '#budgets/windows.ts';
import type { SweepReport } from '#call/sweep/sweep-rooms.ts';
import type { Catalog } from '#edge/catalog.ts';
import { parseUsd } from '#platform/money.ts';
import type { Platform } from '#platform/platform.ts';
import type { HaikuTerms } from '../haiku.ts';
import { patientDynamoDb } from '../patient-dynamodb.ts';
import type { Step as UpstreamStep } from '../scripted-exchange.ts';
import { answer, choose } from '../scripted-steps.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '../scripted-upstream.ts';
import { sharedDynamoDb } from '../shared-dynamodb.ts';
import { tieredPrices } from '../tiered-prices.ts';
import { startWeir, type Weir } from '../weir.ts';
import { openCrossing, type CrossingRequest, type Service } from './crossing.ts';
import type { Outcome, Task } from './errand.ts';
import { sharedErrandRunner, type RunningErrand } from './errand-runner.ts';
import { Rehearsal, Standstill, pointName, type KillPoint, type Step } from './kill-points.ts';
import { perform } from './perform.ts';
import { dumpTables, type Dump } from './table-dump.ts';

/** What the upstream says when it answers: 20 tokens in, 10 out, 7,000,000 pico-USD of the small model. */
const ANSWER = answer({ text: 'Rain on still water.', usage: { inputTokens: 20, outputTokens: 10 } });

/** Endpoints that the sweeper knows of; a scene has as many points at most. */
const MOST_POINTS = 400;

/** Nothing lives so long: every hold has expired, and every purse. */
const LONG_AFTER_MS = 30 * 60_000;

export interface SceneOptions {
  /** What the endpoints of this scene say of themselves. */
  readonly terms: HaikuTerms;
  /** What the upstream does with the first requests of each call; then it answers. */
  readonly upstream?: readonly UpstreamStep[];
}

/** A Weir whose processes are killed: each in an endpoint and with a caller of its own, `haiku-17` and `ada-17`. */
export class Scene implements AsyncDisposable {
  readonly weir: Weir;
  readonly upstream: ScriptedUpstream;
  readonly #options: SceneOptions;
  /** Past all proxies, and as patient as the processes. */
  readonly #platform: Platform;
  readonly #targets: Readonly<Record<Service, string>>;
  readonly #scripts = new Map<string, UpstreamStep[]>();
  readonly #parts: AsyncDisposableStack;

  constructor(
    weir: Weir,
    upstream: ScriptedUpstream,
    options: SceneOptions,
    dynamodb: string,
    catalogFile: string,
    parts: AsyncDisposableStack,
  ) {
    this.weir = weir;
    this.upstream = upstream;
    this.#options = options;
    this.#parts = parts;
    const { config } = weir.platform;
    this.#platform = { ...weir.platform, dynamo: patientDynamoDb(dynamodb), config: { ...config, catalogFile } };
    this.#targets = {
      dynamodb,
      secretsmanager: config.endpoints.secretsmanager ?? '',
      sqs: config.endpoints.sqs ?? '',
      openai: new URL(upstream.baseUrl).origin,
    };
    upstream.otherwise(choose(({ body }) => this.#scripts.get(String(body['safety_identifier']))?.shift() ?? ANSWER));
  }

  /** From here on the upstream does with this caller's requests what the scene's script says. */
  play(caller: string): void {
    this.#scripts.set(caller, [...(this.#options.upstream ?? [])]);
  }

  /** Does a task in this process, undisturbed. */
  perform(task: Task): Promise<Outcome> {
    return perform(task, this.#platform);
  }

  /** Says in the settings what a scope may spend. */
  async limit(scope: ScopeName, limitsUsd: Readonly<Partial<Record<WindowKind, string>>>, shards?: number): Promise<void> {
    const limitsPico = Object.fromEntries(Object.entries(limitsUsd).map(([kind, usd]) => [kind, parseUsd(usd)]));
    const settings = { limitsPico, revision: 0, ...(shards !== undefined && { shards }) };
    await this.weir.budgetStores.settings.replace(scope, settings);
  }

  /** Does a task in a process of its own that comes to its end, and notes the steps of its requests. */
  async rehearse(task: Task): Promise<{ readonly outcome: Outcome; readonly steps: readonly Step[] }> {
    const rehearsal = new Rehearsal();
    await using started = await this.#start(task, rehearsal.onRequest);
    const outcome = await started.running.ended;
    if (!outcome) throw new Error('a process that was not to be killed was killed');
    return { outcome, steps: rehearsal.steps };
  }

  /**
   * Does a task in a process of its own, and kills that at a point.
   * @param meanwhile while the process hangs at its point
   * @param afterwards when it is dead, and its request may still be on its way: `landLate`
   * @throws when the process comes to its end before it is killed
   */
  async killAt(
    point: KillPoint,
    task: Task,
    meanwhile?: () => Promise<void>,
    afterwards?: (landLate: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const standstill = new Standstill(point);
    await using started = await this.#start(task, standstill.onRequest);
    const ended = started.running.ended.then((outcome) => {
      throw new Error(`the process came to its end before it was killed ${pointName(point)}: ${JSON.stringify(outcome)}`);
    });
    await Promise.race([standstill.reached, ended]);
    ended.catch(() => undefined);
    await meanwhile?.();
    await started.running.kill();
    await afterwards?.(() => standstill.landLate());
  }

  /** Time passes, until whatever was left is left for good. */
  async passTime(): Promise<void> {
    await this.weir.clock.advance(LONG_AFTER_MS);
  }

  async sweep(): Promise<SweepReport> {
    return (await this.perform({ kind: 'sweep' })).body as SweepReport;
  }

  dump(): Promise<Dump> {
    return dumpTables(this.#targets.dynamodb, this.weir.platform.config.tables);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }

  async #start(
    task: Task,
    onRequest: (request: CrossingRequest) => void | Promise<void>,
  ): Promise<AsyncDisposable & { readonly running: RunningErrand }> {
    await using parts = new AsyncDisposableStack();
    const crossing = parts.use(await openCrossing(this.#targets, onRequest));
    const runner = await sharedErrandRunner();
    const variables = this.#variables(crossing.endpoints, task);
    const running = runner.start({ atMs: this.weir.clock.nowMs(), variables, task });
    parts.defer(() => running.kill());
    const owned = parts.move();
    return { running, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }

  #variables(endpoints: Readonly<Record<Service, string>>, task: Task): Readonly<Record<string, string>> {
    const { tables, openaiSecretId, catalogFile, queue } = this.#platform.config;
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
      WEIR_CALLERS_TABLE: tables.callers,
      WEIR_JOBS_TABLE: tables.jobs,
      WEIR_OPENAI_SECRET_ID: openaiSecretId,
      WEIR_CATALOG_FILE: catalogFile,
      WEIR_RESULT_QUEUES: JSON.stringify(queue.resultUrls),
    };
  }
}

/** Opens a scene. To be held by `await using`. */
export async function openScene(options: SceneOptions): Promise<Scene> {
  await using parts = new AsyncDisposableStack();
  const upstream = parts.use(await startScriptedUpstream({ prices: tieredPrices }));
  const weir = parts.use(await startWeir({ baseUrl: upstream.baseUrl }));
  const folder = await mkdtemp(join(tmpdir(), 'weir-scene-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const catalogFile = join(folder, 'catalog.json');
  await writeFile(catalogFile, JSON.stringify(catalogOf(options.terms)));
  return new Scene(weir, upstream, options, await sharedDynamoDb(), catalogFile, parts.move());
}

/** What the sweeper is told of the scene's endpoints. */
function catalogOf({ budget }: HaikuTerms): Catalog {
  const routes = Array.from({ length: MOST_POINTS }, (_, at) => ({
    name: `haiku-${at}`,
    kind: 'endpoint' as const,
    method: 'POST',
    path: `/v1/haiku-${at}`,
    access: ['caller' as const],
    ...(budget && { budget }),
  }));
  return { version: 'scene', routes, openapi: {} };
}
