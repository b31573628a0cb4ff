import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { redactLine } from '#edge/entry-handler.ts';
import type { HttpReply } from '#edge/http-call.ts';
import { systemClock } from '#platform/clock.ts';
import { parseConfig } from '#platform/config.ts';
import { createPlatform } from '#platform/platform.ts';
import { createCatalog } from '../catalog.ts';
import { functionTimeoutSeconds } from '../function-timeout.ts';
import { readInventory, slugOf, type Entry } from '../inventory.ts';
import { LOCAL_OUTPUTS_FILE, type WeirOutputs } from '../outputs.ts';
import { createTables, localTableName } from './create-tables.ts';
import { startGateway } from './gateway.ts';
import { hostFunction, type HostedFunction } from './lambda-host.ts';
import { keepLocalKeys, registerLocalCallers, storeUpstreamKey, type LocalKeys } from './local-keys.ts';
import { startDynamoDb } from './parts/dynamodb.ts';
import { startSecretsManager } from './parts/secrets-manager.ts';
import { startSimulatedUpstream } from './parts/simulated-upstream.ts';
import { startSqs } from './parts/sqs.ts';
import { createQueues, createSqsClient, pollQueue, type EndpointQueues } from './queue-poller.ts';

export interface LocalWeirOptions {
  readonly port: number;
  /** Keeps everything: tables, secrets, queues, keys. */
  readonly dataDir: string;
  readonly keys: Partial<LocalKeys>;
  /** The real upstream's key; without it, and without `openaiBaseUrl`, the upstream is simulated. */
  readonly openaiApiKey?: string | undefined;
  readonly openaiBaseUrl?: string | undefined;
  /** Endpoints to use instead of the embedded parts. */
  readonly awsEndpoints: {
    readonly dynamodb?: string | undefined;
    readonly secretsmanager?: string | undefined;
    readonly sqs?: string | undefined;
  };
  /** @default this repository's */
  readonly functionsFolder?: string | undefined;
  readonly onReply?: (request: { method: string; path: string }, reply: HttpReply, tookMs: number) => void;
}

export interface LocalWeir {
  readonly outputs: WeirOutputs;
  readonly keys: LocalKeys;
  readonly simulated: boolean;
  readonly entries: readonly Entry[];
  readonly logFile: string;
  /** Answers what is under way, then ends every part that this start began. */
  stop(): Promise<void>;
}

interface Part {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** All of Weir on this machine: the embedded parts, the tables and queues in them, and the gateway before the real handlers. */
export async function startLocalWeir(options: LocalWeirOptions): Promise<LocalWeir> {
  const { dataDir, awsEndpoints } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const entries = await readInventory(options.functionsFolder);
  const stops: (() => Promise<void>)[] = [];
  const part = async (given: string | undefined, start: () => Promise<Part>): Promise<string> => {
    if (given !== undefined) return given;
    const started = await start();
    stops.unshift(() => started.stop());
    return started.endpoint;
  };
  try {
    const [dynamodb, secretsmanager, sqs] = await Promise.all([
      part(awsEndpoints.dynamodb, () => startDynamoDb({ dataDir })),
      part(awsEndpoints.secretsmanager, () => startSecretsManager({ dataDir })),
      part(awsEndpoints.sqs, () => startSqs({ dataDir })),
    ]);
    const endpoints = { dynamodb, secretsmanager, sqs };
    const upstream = await chooseUpstream(options, stops);
    const keys = await keepLocalKeys(dataDir, options.keys);
    const secrets = secretIds(entries);
    await createTables(dynamodb);
    await Promise.all([
      registerLocalCallers(dynamodb, keys),
      ...Object.values(secrets).map((id) => storeUpstreamKey(secretsmanager, id, upstream.apiKey)),
    ]);

    const sqsClient = createSqsClient(sqs);
    stops.unshift(async () => sqsClient.destroy());
    const queues = await createAllQueues(sqsClient, entries);
    const catalogFile = join(dataDir, 'catalog.json');
    await writeFile(catalogFile, JSON.stringify(createCatalog(entries)));
    const log = openLog(join(dataDir, 'weir.log'));
    stops.push(log.flushed);

    const bind = (entry: Entry): HostedFunction => {
      const environment = environmentOf(entry, {
        endpoints,
        secrets,
        queues,
        catalogFile,
        openaiBaseUrl: upstream.baseUrl,
      });
      const platform = createPlatform({ config: parseConfig(environment), redact: redactLine, writeLine: log.write });
      return hostFunction(entry, entry.handler.bindTo({ name: entry.name, platform }), systemClock);
    };
    const functions = entries.map(bind);
    stops.unshift(startPolling(sqsClient, functions, queues));
    const gateway = await startGateway({
      functions,
      port: options.port,
      clock: systemClock,
      ...(upstream.simulated && { endpointHeaders: { 'x-weir-upstream': 'simulated' } }),
      ...(options.onReply && { onReply: options.onReply }),
    });
    stops.unshift(() => gateway.stop());

    const outputs: WeirOutputs = {
      apiUrl: gateway.url,
      region: 'us-east-1',
      callersTable: localTableName('callers'),
      secrets,
      queues: Object.fromEntries([...queues].map(([name, { url, resultsUrl }]) => [name, { url, resultsUrl }])),
      awsEndpoints: endpoints,
    };
    await writeFile(join(dataDir, LOCAL_OUTPUTS_FILE), JSON.stringify(outputs, null, 2));
    return { outputs, keys, entries, simulated: upstream.simulated, logFile: log.file, stop: () => stopAll(stops) };
  } catch (error) {
    await stopAll(stops);
    throw error;
  }
}

async function chooseUpstream({ openaiApiKey, openaiBaseUrl }: LocalWeirOptions, stops: (() => Promise<void>)[]) {
  if (openaiApiKey !== undefined || openaiBaseUrl !== undefined) {
    return { simulated: false, baseUrl: openaiBaseUrl, apiKey: openaiApiKey ?? 'none' };
  }
  const apiKey = 'simulated';
  const upstream = await startSimulatedUpstream({ apiKey });
  stops.unshift(() => upstream.stop());
  return { simulated: true, baseUrl: upstream.baseUrl, apiKey };
}

function secretIds(entries: readonly Entry[]): Record<string, string> {
  const names = entries.flatMap(({ spec }) => (spec.kind === 'endpoint' ? [spec.secret] : []));
  return Object.fromEntries([...new Set(names)].map((name) => [name, `weir/${name}`]));
}

async function createAllQueues(client: ReturnType<typeof createSqsClient>, entries: readonly Entry[]) {
  const endpoints = entries.filter(({ spec }) => spec.kind === 'endpoint');
  const made = await Promise.all(
    endpoints.map(
      async ({ name, spec }) => [name, await createQueues(client, name, functionTimeoutSeconds(spec))] as const,
    ),
  );
  return new Map<string, EndpointQueues>(made);
}

/** The environment that a deployed function would have. */
function environmentOf(
  { name, spec }: Entry,
  parts: {
    readonly endpoints: { readonly dynamodb: string; readonly secretsmanager: string; readonly sqs: string };
    readonly secrets: Readonly<Record<string, string>>;
    readonly queues: ReadonlyMap<string, EndpointQueues>;
    readonly catalogFile: string;
    readonly openaiBaseUrl: string | undefined;
  },
): Record<string, string | undefined> {
  const queues = parts.queues.get(name);
  return {
    WEIR_ENTRY: name,
    AWS_LAMBDA_FUNCTION_NAME: `weir-${slugOf(name)}`,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: parts.endpoints.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: parts.endpoints.secretsmanager,
    AWS_ENDPOINT_URL_SQS: parts.endpoints.sqs,
    OPENAI_BASE_URL: parts.openaiBaseUrl,
    WEIR_CATALOG_FILE: parts.catalogFile,
    ...(spec.kind === 'endpoint' && { WEIR_OPENAI_SECRET_ID: parts.secrets[spec.secret] }),
    ...(queues && {
      WEIR_DEAD_LETTER_QUEUE_URL: queues.deadLetterUrl,
      WEIR_RESULT_QUEUES: JSON.stringify({ [`${name}-results`]: queues.resultsUrl }),
    }),
  };
}

function startPolling(
  client: ReturnType<typeof createSqsClient>,
  functions: readonly HostedFunction[],
  queues: ReadonlyMap<string, EndpointQueues>,
): () => Promise<void> {
  const controller = new AbortController();
  const polls = functions.flatMap((hosted) => {
    const own = queues.get(hosted.entry.name);
    return own ? [pollQueue(client, own.url, hosted, controller.signal)] : [];
  });
  return async () => {
    controller.abort();
    await Promise.all(polls);
  };
}

/** The functions' log lines, in a file: the terminal is for the person. */
function openLog(file: string) {
  let writing = Promise.resolve();
  return {
    file,
    write: (line: string) => void (writing = writing.then(() => appendFile(file, `${line}\n`)).catch(() => undefined)),
    flushed: () => writing,
  };
}

/** In order, each whatever becomes of the one before. */
async function stopAll(stops: readonly (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops) await stop().catch(() => undefined);
}
