import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMistypedCallerKey } from '#edge/callers/key-form.ts';
import { redactLine } from '#edge/redact-line.ts';
import { systemClock } from '#platform/clock.ts';
import { parseConfig } from '#platform/config.ts';
import { createLog } from '#platform/log.ts';
import { createPlatform } from '#platform/platform.ts';
import { createCatalog } from '../catalog.ts';
import { createDocsSite } from '../docs/docs-site.ts';
import { readInventory, type Entry } from '../inventory.ts';
import { LOCAL_OUTPUTS_FILE, type WeirOutputs } from '../outputs.ts';
import { createTables, localTableNames } from './create-tables.ts';
import { createAllQueues, createSqsClient, startPolling } from './endpoint-queues.ts';
import { functionEnvironment } from './function-environment.ts';
import { startGateway } from './gateway.ts';
import { holdFolder } from './hold-folder.ts';
import { hostFunction } from './lambda-host.ts';
import { openLogFile } from './log-file.ts';
import { keepLocalKeys, registerLocalCallers, storeUpstreamKey, type LocalKeys } from './local-keys.ts';
import { startApiGateway } from './parts/api-gateway.ts';
import { startDynamoDb } from './parts/dynamodb.ts';
import { startSecretsManager } from './parts/secrets-manager.ts';
import { startSimulatedUpstream } from './parts/simulated-upstream.ts';
import { startSqs } from './parts/sqs.ts';
import type { ReplyHead } from './prelude.ts';
import { startSchedules } from './schedule-timer.ts';

export interface LocalWeirOptions {
  readonly port: number;
  /** Keeps everything: tables, secrets, queues, keys. */
  readonly dataDir: string;
  readonly keys: Partial<LocalKeys>;
  /** The real upstream's key; without it, and without `openaiBaseUrl`, the upstream is simulated. */
  readonly openaiApiKey?: string | undefined;
  readonly openaiBaseUrl?: string | undefined;
  /** With these two the keys in the real upstream are rotated; where it is simulated they always can be. */
  readonly openaiAdminKey?: string | undefined;
  readonly openaiProject?: string | undefined;
  /** Endpoints to use instead of the embedded parts. */
  readonly awsEndpoints: {
    readonly dynamodb?: string | undefined;
    readonly secretsmanager?: string | undefined;
    readonly sqs?: string | undefined;
  };
  /** The origin whose pages may read replies. @default none */
  readonly corsOrigin?: string | undefined;
  /** @default this repository's */
  readonly functionsFolder?: string | undefined;
  readonly onReply?: (request: { method: string; path: string }, reply: ReplyHead, tookMs: number) => void;
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

/** All of Weir on this machine: the embedded parts, the tables and queues in them, and the gateway before the real handlers. */
export async function startLocalWeir(options: LocalWeirOptions): Promise<LocalWeir> {
  const { dataDir } = options;
  // Whatever was started is ended in the reverse order: at the end, or at once when a later step fails.
  await using started = new AsyncDisposableStack();
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  started.defer(await holdFolder(dataDir));
  const log = openLogFile(join(dataDir, 'weir.log'));
  started.defer(log.flushed);

  const entries = await readInventory(options.functionsFolder);
  const endpoints = await startAwsParts(options, started);
  // Not to be had elsewhere: the gateway below goes by what it is told.
  const apiGateway = await startApiGateway({ dataDir });
  started.defer(() => apiGateway.stop());
  const upstream = await chooseUpstream(options, started);
  const keys = await keepLocalKeys(dataDir, options.keys);
  const secrets = secretIds(entries);
  await createTables(endpoints.dynamodb);
  await registerLocalCallers(endpoints.dynamodb, keys);
  await Promise.all(
    Object.values(secrets).map((id) => storeUpstreamKey(endpoints.secretsmanager, id, upstream.apiKey)),
  );
  const rotation = {
    adminSecret: 'weir/openai-admin',
    projects: rotatedProjects(options, upstream.simulated, secrets),
  };
  const adminKey = upstream.simulated ? upstream.apiKey : options.openaiAdminKey;
  if (adminKey !== undefined) await storeUpstreamKey(endpoints.secretsmanager, rotation.adminSecret, adminKey);
  const sqsClient = createSqsClient(endpoints.sqs);
  started.defer(() => sqsClient.destroy());
  const queues = await createAllQueues(sqsClient, entries);
  const catalogFile = join(dataDir, 'catalog.json');
  await writeFile(catalogFile, JSON.stringify(createCatalog(entries)));
  const docsFile = join(dataDir, 'docs.json');
  await writeFile(docsFile, JSON.stringify(await createDocsSite(upstream)));

  const functions = entries.map((entry) => {
    const openaiBaseUrl = upstream.baseUrl;
    const environment = functionEnvironment(entry, {
      endpoints: { ...endpoints, apigateway: apiGateway.endpoint },
      secrets,
      rotation,
      queues,
      catalogFile,
      docsFile,
      openaiBaseUrl,
      corsOrigin: options.corsOrigin,
      takesAnyKey: [keys.caller, keys.administrator].some(isMistypedCallerKey),
    });
    const platform = createPlatform({ config: parseConfig(environment), redact: redactLine, writeLine: log.write });
    return hostFunction(entry, entry.handler.bindTo({ name: entry.name, platform }), systemClock);
  });
  started.defer(startPolling(sqsClient, functions, queues));
  const gateway = await startGateway({
    functions,
    port: options.port,
    clock: systemClock,
    findUsage: apiGateway.findUsage,
    corsOrigin: options.corsOrigin,
    ...(upstream.simulated && { endpointHeaders: { 'x-weir-upstream': 'simulated' } }),
    ...(options.onReply && { onReply: options.onReply }),
  });
  started.defer(() => gateway.stop());
  const timerLog = createLog({ redact: redactLine, write: log.write, nowMs: () => systemClock.nowMs() });
  started.defer(startSchedules({ functions, clock: systemClock, log: timerLog }));

  const outputs: WeirOutputs = {
    apiUrl: gateway.url,
    region: 'us-east-1',
    tables: localTableNames(),
    secrets,
    rotation,
    queues: Object.fromEntries([...queues].map(([name, { url, resultsUrl }]) => [name, { url, resultsUrl }])),
    awsEndpoints: endpoints,
    ...(upstream.baseUrl !== undefined && {
      upstream: { baseUrl: upstream.baseUrl, simulated: upstream.simulated },
    }),
  };
  await writeFile(join(dataDir, LOCAL_OUTPUTS_FILE), JSON.stringify(outputs, null, 2));
  const running = started.move();
  const { simulated } = upstream;
  return { outputs, keys, entries, simulated, logFile: log.file, stop: () => running.disposeAsync() };
}

async function startAwsParts({ dataDir, awsEndpoints }: LocalWeirOptions, started: AsyncDisposableStack) {
  type Start = (options: { dataDir: string }) => Promise<{ readonly endpoint: string; stop(): Promise<void> }>;
  const part = async (given: string | undefined, start: Start): Promise<string> => {
    if (given !== undefined) return given;
    const running = await start({ dataDir });
    started.defer(() => running.stop());
    return running.endpoint;
  };
  return {
    dynamodb: await part(awsEndpoints.dynamodb, startDynamoDb),
    secretsmanager: await part(awsEndpoints.secretsmanager, startSecretsManager),
    sqs: await part(awsEndpoints.sqs, startSqs),
  };
}

async function chooseUpstream({ openaiApiKey, openaiBaseUrl }: LocalWeirOptions, started: AsyncDisposableStack) {
  if (openaiApiKey !== undefined || openaiBaseUrl !== undefined) {
    return { simulated: false, baseUrl: openaiBaseUrl, apiKey: openaiApiKey ?? 'none' };
  }
  // Any key will do, so that `weir setup` can be tried here.
  const upstream = await startSimulatedUpstream();
  started.defer(() => upstream.stop());
  return { simulated: true, baseUrl: upstream.baseUrl, apiKey: 'simulated' };
}

/** Any project will do where the upstream is simulated. */
function rotatedProjects(
  { openaiAdminKey, openaiProject }: LocalWeirOptions,
  simulated: boolean,
  secrets: Readonly<Record<string, string>>,
): Record<string, string> {
  const project = simulated ? 'proj_simulated' : openaiAdminKey === undefined ? undefined : openaiProject;
  return project === undefined ? {} : Object.fromEntries(Object.keys(secrets).map((name) => [name, project]));
}

function secretIds(entries: readonly Entry[]): Record<string, string> {
  const names = entries.flatMap(({ spec }) => (spec.kind === 'endpoint' ? [spec.secret] : []));
  return Object.fromEntries([...new Set(names)].map((name) => [name, `weir/${name}`]));
}
