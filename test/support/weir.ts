/**
 * The whole of Weir in a test: every entry of the real inventory, bound to a platform of its own, over an embedded
 * DynamoDB, Secrets Manager and SQS, with a scripted upstream where OpenAI would be. All of it over real sockets.
 *
 *     await using upstream = await startScriptedUpstream({ prices });
 *     await using weir = await startWeir({ baseUrl: upstream.baseUrl });
 *     const reply = await weir.post('summarize', { text: 'A weir is a low wall across a river.' });
 *     expect([reply.status, reply.headers['x-weir-cache']]).toEqual([200, 'miss']);
 *     const [entry] = await weir.ledger();
 *
 * - Each Weir has tables, secret and queues of its own. The DynamoDB process is one a test file.
 * - Time stands still (`weir.clock` is a FakeClock), and the random source gives 0, so that a backoff is 0 ms long and
 *   passes by itself. A `Retry-After` has to be turned. Pass `clock` and `random` for anything else.
 * - `weir.dynamoDb`, `weir.secrets` and `weir.apiGateway` are fault proxies, with nothing injected: they count, and take rules. What the
 *   test itself asks (`ledger`, `budget`, `putKey`) goes past them and is not counted.
 * - `post`, `get` and `sqs` give the whole reply, also of an entry that streams. `stream` gives it as it comes, can `leave`, and
 *   tells when the handler has settled.
 * - The Weir is one environment. `newEnvironment()` makes another over the same tables: key ring, retry budget (one
 *   token) and breaker of its own.
 */
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partKey, type ScopeName } from '#budgets/budget.ts';
import { createBudgetStores, type BudgetStores } from '#budgets/budgets.ts';
import type { PartState } from '#budgets/part.ts';
import { windowOf, type WindowKind } from '#budgets/windows.ts';
import { redactLine } from '#edge/redact-line.ts';
import { createCatalog } from '#infra/catalog.ts';
import { createDocsSite } from '#infra/docs/docs-site.ts';
import { readInventory, type Entry } from '#infra/inventory.ts';
import { createTables, localTableName } from '#infra/local/create-tables.ts';
import { startApiGateway, type ApiGatewayPartOptions, type RunningApiGateway } from '#infra/local/parts/api-gateway.ts';
import { startSecretsManager } from '#infra/local/parts/secrets-manager.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import { createLedgerStore, type LedgerRow } from '#ledger/ledger-store.ts';
import type { Clock } from '#platform/clock.ts';
import type { SecretVersions } from '#platform/aws/secret-versions.ts';
import { parseConfig } from '#platform/config.ts';
import { createPlatform, type Platform } from '#platform/platform.ts';
import { FakeClock } from './fake-clock.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { sharedDynamoDb } from './shared-dynamodb.ts';
import { testKey } from './test-key.ts';
import { WeirEnvironment } from './weir-environment.ts';
import { startWeirQueues, type WeirQueues } from './weir-queues.ts';

export interface WeirOptions<SomeClock extends Clock = FakeClock> {
  /** The upstream's, with the `/v1`. */
  readonly baseUrl: string;
  /** @default a FakeClock at 2026-11-22T12:00Z */
  readonly clock?: SomeClock;
  /** @default always 0 */
  readonly random?: () => number;
  /** The OpenAI key in the secret; `null`: the secret does not exist. @default `testKey('first')` */
  readonly key?: string | null;
  /** OpenAI's admin key, for rotation. @default the secret does not exist */
  readonly adminKey?: string;
  /** @default the test file's own, in memory */
  readonly dynamoEndpoint?: string;
  /** @default the repository's `functions` */
  readonly functionsFolder?: string;
  /** How API Gateway's control plane behaves. @default as the local one */
  readonly apiGateway?: Pick<ApiGatewayPartOptions, 'settlesMs' | 'mostApiKeys'>;
  /** More of the functions' environment, such as `{ WEIR_MAX_RECEIVES: '5' }`. */
  readonly variables?: Readonly<Record<string, string>>;
}

const SECRET_ID = 'weir/openai';
const ADMIN_SECRET_ID = 'weir/openai-admin';
const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Starts a Weir. To be held by `await using`, which ends all that it started. */
export async function startWeir<SomeClock extends Clock = FakeClock>(
  options: WeirOptions<SomeClock>,
): Promise<Weir<SomeClock>> {
  await using parts = new AsyncDisposableStack();
  const { key = testKey('first'), adminKey, random = () => 0, variables = {} } = options;
  const clock = options.clock ?? (new FakeClock() as Clock as SomeClock);
  const entries = await readInventory(options.functionsFolder);

  const dynamoEndpoint = options.dynamoEndpoint ?? (await sharedDynamoDb());
  const tablePrefix = `weir-${randomUUID()}`;
  await createTables(dynamoEndpoint, tablePrefix);
  const dynamoDb = parts.use(await startFaultProxy({ target: dynamoEndpoint }));

  const secretsManager = await startSecretsManager();
  parts.defer(() => secretsManager.stop());
  const secrets = parts.use(await startFaultProxy({ target: secretsManager.endpoint }));
  const secretsClient = new SecretsManagerClient({
    endpoint: secretsManager.endpoint,
    region: 'us-east-1',
    credentials: LOCAL_CREDENTIALS,
  });
  parts.defer(() => secretsClient.destroy());
  if (key !== null) await secretsClient.send(new CreateSecretCommand({ Name: SECRET_ID, SecretString: key }));
  if (adminKey !== undefined) {
    await secretsClient.send(new CreateSecretCommand({ Name: ADMIN_SECRET_ID, SecretString: adminKey }));
  }

  const gatewayPart = await startApiGateway({ clock, ...options.apiGateway });
  parts.defer(() => gatewayPart.stop());
  const apiGateway = parts.use(await startFaultProxy({ target: gatewayPart.endpoint }));

  const queues = parts.use(await startWeirQueues(entries));
  const catalogFolder = await mkdtemp(join(tmpdir(), 'weir-catalog-'));
  parts.defer(() => rm(catalogFolder, { recursive: true, force: true }));
  const catalogFile = join(catalogFolder, 'catalog.json');
  await writeFile(catalogFile, JSON.stringify(createCatalog(entries)));
  const docsFile = join(catalogFolder, 'docs.json');
  await writeFile(docsFile, JSON.stringify(await createDocsSite()));

  const lines: string[] = [];
  const platformOver = (dynamodb: string): Platform =>
    createPlatform({
      clock,
      random,
      redact: redactLine,
      writeLine: (line) => void lines.push(line),
      config: parseConfig({
        AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
        AWS_ENDPOINT_URL_API_GATEWAY: apiGateway.endpoint,
        AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
        AWS_ENDPOINT_URL_SQS: queues.endpoint,
        OPENAI_BASE_URL: options.baseUrl,
        WEIR_ADMINISTRATORS: 'key',
        WEIR_CACHE_TABLE: localTableName('cache', tablePrefix),
        WEIR_LEDGER_TABLE: localTableName('ledger', tablePrefix),
        WEIR_BUDGETS_TABLE: localTableName('budgets', tablePrefix),
        WEIR_CALLERS_TABLE: localTableName('callers', tablePrefix),
        WEIR_AUDIT_TABLE: localTableName('audit', tablePrefix),
        WEIR_JOBS_TABLE: localTableName('jobs', tablePrefix),
        WEIR_OPENAI_SECRET_ID: SECRET_ID,
        WEIR_CATALOG_FILE: catalogFile,
        WEIR_DOCS_FILE: docsFile,
        ...queues.variables,
        ...variables,
      }),
    });

  return new Weir({
    clock,
    entries,
    lines,
    dynamoDb,
    secrets,
    apiGateway,
    findUsage: gatewayPart.findUsage,
    queues,
    secretsClient,
    newPlatform: () => platformOver(dynamoDb.endpoint),
    ownPlatform: platformOver(dynamoEndpoint),
    parts: parts.move(),
  });
}

interface WeirParts<SomeClock extends Clock> {
  readonly clock: SomeClock;
  readonly entries: readonly Entry[];
  readonly lines: string[];
  readonly dynamoDb: FaultProxy;
  readonly secrets: FaultProxy;
  readonly apiGateway: FaultProxy;
  readonly findUsage: RunningApiGateway['findUsage'];
  readonly queues: WeirQueues;
  readonly secretsClient: SecretsManagerClient;
  readonly newPlatform: () => Platform;
  /** Past the proxies. */
  readonly ownPlatform: Platform;
  readonly parts: AsyncDisposableStack;
}

/** A Weir that runs: its first environment, and what stands around it. */
export class Weir<SomeClock extends Clock = FakeClock> extends WeirEnvironment {
  readonly clock: SomeClock;
  readonly entries: readonly Entry[];
  /** All lines that any environment wrote: JSON, of the log and of the metrics. */
  readonly lines: readonly string[];
  /** In front of DynamoDB. */
  readonly dynamoDb: FaultProxy;
  /** In front of Secrets Manager. */
  readonly secrets: FaultProxy;
  /** In front of API Gateway's control plane. */
  readonly apiGateway: FaultProxy;
  /** What API Gateway knows of a request by its API key, for a local gateway. */
  readonly findUsage: RunningApiGateway['findUsage'];
  /** What stands on the result queues and on the dead-letter queue. */
  readonly queues: WeirQueues;
  readonly #parts: WeirParts<SomeClock>;
  readonly #startedAtMs: number;

  constructor(parts: WeirParts<SomeClock>) {
    super(parts.entries, parts.newPlatform());
    this.#parts = parts;
    this.#startedAtMs = parts.clock.nowMs();
    this.clock = parts.clock;
    this.entries = parts.entries;
    this.lines = parts.lines;
    this.dynamoDb = parts.dynamoDb;
    this.secrets = parts.secrets;
    this.apiGateway = parts.apiGateway;
    this.findUsage = parts.findUsage;
    this.queues = parts.queues;
  }

  /** A fresh environment over the same tables. */
  newEnvironment(): WeirEnvironment {
    return new WeirEnvironment(this.entries, this.#parts.newPlatform());
  }

  /** Log lines with this message, parsed. */
  logged(message: string): Readonly<Record<string, unknown>>[] {
    const all = this.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    return all.filter((line) => line['message'] === message);
  }

  /** The ledger's entries since the Weir was started, by time; calls of one millisecond stand in any order. */
  async ledger(): Promise<LedgerEntry[]> {
    const rows = await this.ledgerRows();
    return rows.flatMap((row) => (row.kind === 'entry' ? [row.entry] : []));
  }

  /** The same with adjustments. */
  async ledgerRows(): Promise<LedgerRow[]> {
    const { dynamo, config, log } = this.#parts.ownPlatform;
    const store = createLedgerStore({ dynamo, table: config.tables.ledger, log });
    return Array.fromAsync(store.rows(dayOf(this.#startedAtMs), dayOf(this.clock.nowMs())));
  }

  /** The head of a budget in the window of now: the only counter of one that has no shards. */
  budget(endpoint: string): Promise<PartState | undefined> {
    return this.head(`endpoint:${endpoint}`);
  }

  /** The same of any scope. @param kind which window @default month */
  head(scope: ScopeName, kind: WindowKind = 'month'): Promise<PartState | undefined> {
    const key = `${scope}#${windowOf(kind, this.clock.nowMs())}`;
    return this.budgetStores.parts.read(partKey({ key }, 0));
  }

  /** The stores of the budgets, past the proxies. */
  get budgetStores(): BudgetStores {
    const { dynamo, config } = this.#parts.ownPlatform;
    return createBudgetStores({ dynamo, table: config.tables.budgets });
  }

  /** Puts a new current version into the OpenAI secret, and gives its id. */
  async putKey(value: string): Promise<string> {
    const output = await this.#parts.secretsClient.send(
      new PutSecretValueCommand({ SecretId: SECRET_ID, SecretString: value }),
    );
    return output.VersionId as string;
  }

  /** Begins a rotation of the OpenAI secret, as AWS does before the first step. Gives its token. */
  async beginRotation(): Promise<string> {
    const output = await this.#parts.secretsClient.send(new RotateSecretCommand({ SecretId: SECRET_ID }));
    return output.VersionId as string;
  }

  /** What Secrets Manager knows of the OpenAI secret, past the proxies. */
  get secretVersions(): SecretVersions {
    return this.#parts.ownPlatform.secretVersions;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.parts.disposeAsync();
  }
}

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
