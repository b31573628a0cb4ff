import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpReply } from '#edge/http-call.ts';
import type { RouteSpec } from '#edge/specs.ts';
import { BUNDLE_BUDGET_BYTES, bundleEntries, type Bundle } from '#infra/bundle/bundle-entries.ts';
import { readInventory } from '#infra/inventory.ts';
import { createTables, localTableName } from '#infra/local/create-tables.ts';
import { startSecretsManager } from '#infra/local/parts/secrets-manager.ts';
import { systemClock } from '#platform/clock.ts';
import { IDENTITY_PROVIDER, IdentityServer, SERVICE_ACCOUNT } from '#test/support/identity-server.ts';
import { restEvent } from '#test/support/lambda-events.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { badRequest, invalidApiKey, rateLimited, serverError } from '#test/support/scripted-failures.ts';
import { hang, htmlWith200, reset } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { sharedDynamoDb } from '#test/support/shared-dynamodb.ts';
import { testKey } from '#test/support/test-key.ts';

const run = promisify(execFile);
const parts = new AsyncDisposableStack();
let bundles: Bundle[];
let upstream: ScriptedUpstream;
let environment: Record<string, string>;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-bundles-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  bundles = await bundleEntries(await readInventory(), join(folder, 'dist'));

  upstream = parts.use(await startScriptedUpstream());
  upstream.otherwise(plainAnswers);
  const secrets = await startSecretsManager();
  parts.defer(() => secrets.stop());
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SecretsManagerClient({ endpoint: secrets.endpoint, region: 'us-east-1', credentials });
  await client.send(new CreateSecretCommand({ Name: 'weir/openai', SecretString: testKey('bundle') }));
  client.destroy();

  const dynamodb = await sharedDynamoDb();
  const prefix = `weir-${randomUUID()}`;
  await createTables(dynamodb, prefix);
  environment = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
    OPENAI_BASE_URL: upstream.baseUrl,
    WEIR_CACHE_TABLE: localTableName('cache', prefix),
    WEIR_LEDGER_TABLE: localTableName('ledger', prefix),
    WEIR_BUDGETS_TABLE: localTableName('budgets', prefix),
    WEIR_CALLERS_TABLE: localTableName('callers', prefix),
  };
});
afterAll(() => parts.disposeAsync());

interface Ran {
  readonly replies: readonly HttpReply[];
  /** Parts of undici that Node has loaded. */
  readonly undici: readonly string[];
}

/** Hands events to the bundle of an entry, in a process of its own that knows nothing but its environment. */
async function runBundle(
  name: string,
  requests: readonly { body: object; headers?: Record<string, string> }[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const bundle = bundles.find(({ entry }) => entry.name === name)!;
  const events = requests.map(({ body, headers = {} }) =>
    restEvent({
      method: 'POST',
      path: `/v1/${name}`,
      headers,
      query: null,
      body: JSON.stringify(body),
      isBase64: false,
      authorizer: { callerId: 'ada', roles: 'caller' },
      requestId: randomUUID(),
      requestTimeMs: Date.now(),
    }),
  );
  const script = resolve(import.meta.dirname, '../support/bundle-process.cjs');
  const { stdout } = await run(process.execPath, [script, join(bundle.folder, 'index.js'), JSON.stringify(events)], {
    env: { ...environment, WEIR_ENTRY: name, ...variables },
  });
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n#bundle ') + '\n#bundle '.length)) as Ran;
}

const codeOf = ({ body }: HttpReply) => (JSON.parse(body) as { code?: string }).code;

test('every bundle is within its budget, and every entry has one', async () => {
  expect(bundles.length).toBe((await readInventory()).length);
  for (const { entry, bytes } of bundles) {
    expect(bytes).toBeGreaterThan(1_000);
    expect([entry.name, Math.max(bytes, BUNDLE_BUDGET_BYTES[entry.spec.kind])]).toEqual([
      entry.name,
      BUNDLE_BUDGET_BYTES[entry.spec.kind],
    ]);
  }
});

test('no bundle has a source map in it, is an ES module, or asks for a package', async () => {
  for (const { folder } of bundles) {
    const code = await readFile(join(folder, 'index.js'), 'utf8');
    expect(code).not.toContain('sourceMappingURL');
    // What only people and tests read of the detectors.
    expect(code).not.toContain('cwe.mitre.org');
    const required = [...code.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name as string);
    expect(
      required.filter((name) => !name.startsWith('node:') && !['crypto', 'querystring', 'url'].includes(name)),
    ).toEqual([]);
    expect(await readFile(join(folder, 'package.json'), 'utf8')).toBe('{"type":"commonjs"}\n');
  }
});

test('beside a bundle lie the data files that its entry needs, and no others', async () => {
  for (const { entry, folder } of bundles) {
    const { catalog = false, docsSite = false } = entry.spec as Partial<RouteSpec>;
    const wanted = [...(catalog ? ['catalog.json'] : []), ...(docsSite ? ['docs.json'] : [])];
    const found = (await readdir(folder)).filter((name) => !['index.js', 'package.json'].includes(name));
    expect([entry.name, found.sort()]).toEqual([entry.name, wanted]);
  }
  expect(bundles.filter(({ entry }) => 'docsSite' in entry.spec).map(({ entry }) => entry.name)).toEqual([
    'pages/docs',
    'pages/docs-asset',
  ]);
});

test('the summarize bundle answers a miss and a hit, and loads no undici', async () => {
  const body = { text: 'A weir is a low wall across a river.' };
  const { replies, undici } = await runBundle('summarize', [{ body }, { body }]);
  expect(replies.map(({ statusCode, headers }) => [statusCode, headers['x-weir-cache']])).toEqual([
    [200, 'miss'],
    [200, 'hit'],
  ]);
  expect(JSON.parse(replies[1]!.body)).toEqual(JSON.parse(replies[0]!.body));
  expect(undici).toEqual([]);
});

test('the summarize bundle answers without a stored key, by what OpenAI gives for its identity, and loads no undici', async () => {
  await using identity = await new IdentityServer(systemClock, () => {}).listen();
  const keyless = {
    AWS_ENDPOINT_URL_STS: identity.endpoint,
    WEIR_OPENAI_TOKEN_URL: `${identity.endpoint}/oauth/token`,
    WEIR_WORKLOAD_IDENTITY: `${IDENTITY_PROVIDER}/${SERVICE_ACCOUNT}`,
  };
  const bodies = ['One.', 'Another.'].map((text) => ({ body: { text } }));
  const { replies, undici } = await runBundle('summarize', bodies, keyless);
  expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  expect(upstream.requests.slice(-2).map(({ key }) => key)).toEqual([identity.tokens[0], identity.tokens[0]]);
  expect(undici).toEqual([]);
});

test('the embed and classify bundles answer, and load no undici', async () => {
  const embedded = await runBundle('embed', [{ body: { texts: ['a', 'b'], dimensions: 16 } }]);
  const { embeddings } = JSON.parse(embedded.replies[0]!.body) as { embeddings: number[][] };
  expect(embeddings.map(({ length }) => length)).toEqual([16, 16]);
  const classified = await runBundle('classify', [{ body: { text: 'a', labels: ['x', 'y'] } }]);
  expect(JSON.parse(classified.replies[0]!.body)).toEqual({ label: 'x', confidence: 0.9 });
  expect([...embedded.undici, ...classified.undici]).toEqual([]);
});

test.each([
  ['summarize', (at: number) => ({ text: `A text of its own: ${at}` })],
  ['embed', (at: number) => ({ texts: [`A text of its own: ${at}`], dimensions: 16 })],
])('what the %s bundle lacks of the SDK no failure needs', async (name, bodyOf) => {
  upstream.script(
    badRequest(),
    rateLimited({ retryAfterSeconds: 61 }),
    htmlWith200(), // a retry each, until the environment's one token is spent
    serverError(),
    serverError(),
    reset(),
    hang(),
    hang({ afterHeaders: true }),
    invalidApiKey(),
    invalidApiKey(),
  );
  const short = { headers: { 'x-weir-timeout-ms': '1500' } };
  const plain = Array.from({ length: 8 }, (_, at) => ({ body: bodyOf(at), ...([5, 6].includes(at) && short) }));
  const { replies, undici } = await runBundle(name, plain);
  // Were a left-out class asked for anything, it would be `internal`, or an answer that is none.
  expect(replies.map((reply) => [reply.statusCode, codeOf(reply)])).toEqual([
    [400, 'upstream_rejected'],
    [429, 'upstream_throttled'],
    [502, 'upstream_failed'],
    [502, 'upstream_failed'],
    [504, 'upstream_timeout'],
    [504, 'deadline_exceeded'],
    [504, 'deadline_exceeded'],
    [502, 'upstream_credential'],
  ]);
  expect(replies[1]!.headers['retry-after']).toBe('61');
  expect(undici).toEqual([]);
  expect(upstream.remaining).toBe(0);
});
