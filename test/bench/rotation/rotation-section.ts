import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { setTimeout } from 'node:timers/promises';
import type { RotationStep } from '#edge/define-rotation.ts';
import { startSecretsManager } from '#infra/local/parts/secrets-manager.ts';
import { startFaultProxy, type FaultProxy } from '#test/support/fault-proxy.ts';
import { startOpenAiAdmin } from '#test/support/openai-admin.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { testKey } from '#test/support/test-key.ts';
import { startCompanion } from '../companion.ts';
import type { Section } from '../report.ts';
import { percentileOf } from '../statistics.ts';
import { Rotator } from './rotator.ts';
import { FUNCTIONS_CALLED, SteadyLoad } from './steady-load.ts';
import type { RotatedWeir } from './weir-process.ts';

const CALLS_A_SECOND = 50;
const FOR_MS = 60_000;
/** Before the first rotation, and between any two. */
const APART_MS = 14_000;
/** Four crashes: one in each step. */
const ROTATIONS: readonly (readonly RotationStep[])[] = [
  ['createSecret'],
  ['setSecret', 'testSecret'],
  ['finishSecret'],
];
/** A stream takes a second, so that two dozen are in flight whenever a key is revoked. */
const PIECES = 10;
const PIECE_EVERY_MS = 100;
const PROJECT = 'proj_bench';
const ADMIN_SECRET = 'weir/openai-admin';

/**
 * Three rotations under load: an upstream that takes the keys that OpenAI knows and no other, and every old key revoked as soon as its
 * rotation is over, though Weir itself would wait for a day.
 */
export async function rotationSection(): Promise<Section> {
  await using parts = new AsyncDisposableStack();
  const first = testKey('first');
  const upstream = parts.use(await startScriptedUpstream({ validKeys: [first] }));
  upstream.otherwise(choose(({ body }) => (body.stream === true ? stream({ chunks: paced() }) : answer())));
  const admin = parts.use(
    await startOpenAiAdmin({
      adminKey: testKey('admin'),
      onKeys(values) {
        for (const value of upstream.validKeys) if (value !== first) upstream.validKeys.delete(value);
        for (const value of values) upstream.validKeys.add(value);
      },
    }),
  );
  const secretsManager = await startSecretsManager();
  parts.defer(() => secretsManager.stop());
  const secrets = parts.use(await startFaultProxy({ target: secretsManager.endpoint }));
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SecretsManagerClient({ endpoint: secretsManager.endpoint, region: 'us-east-1', credentials });
  parts.defer(() => client.destroy());
  await client.send(new CreateSecretCommand({ Name: ADMIN_SECRET, SecretString: testKey('admin') }));
  const companion = parts.use(
    startCompanion<object, RotatedWeir>('rotation/weir-process.ts', {
      arguments: [upstream.baseUrl, secrets.endpoint],
    }),
  );
  const weir = await companion.ask({});
  const upstreamUrl = upstream.baseUrl;
  const own = { weir, secrets, client, upstreamUrl, adminUrl: admin.baseUrl };
  const rotator = await Rotator.open({ ...own, adminSecretId: ADMIN_SECRET, project: PROJECT });

  const load = new SteadyLoad(weir, CALLS_A_SECOND);
  await load.warmUp();
  const before = upstream.requests.length;
  const running = load.run(FOR_MS);
  const marks: number[] = [];
  for (const crashing of ROTATIONS) {
    await setTimeout(APART_MS);
    const old = await rotator.current();
    marks.push(readsOf(secrets));
    await rotator.rotate(crashing);
    upstream.validKeys.delete(old.value);
    if (old.id !== undefined) revoke(admin, old.id);
  }
  const seen = await running;
  marks.push(readsOf(secrets));
  await rotator.tend();

  const { id } = await rotator.current();
  const orphans = admin.keys.filter((key) => key.id !== id).length;
  const reads = marks.slice(1).map((count, at) => (count - marks[at]!) / FUNCTIONS_CALLED);
  const requests = upstream.requests.slice(before);
  const calls = seen.plain + seen.streamed;
  return {
    title: `${CALLS_A_SECOND} calls a second for a minute, plain and streamed, with ${ROTATIONS.length} rotations and ${rotator.crashes} crashes, one in each step`,
    rows: [
      { name: 'calls', measured: calls, unit: 'calls', note: `${seen.plain} plain, ${seen.streamed} streamed` },
      { name: 'failed', measured: seen.failures.length, unit: 'calls', aim: 0, note: seen.failures[0] ?? '' },
      {
        name: 'not made',
        measured: (CALLS_A_SECOND * FOR_MS) / 1000 - calls,
        unit: 'calls',
        aim: 0,
      },
      {
        name: 'keys that were not used, of the first and three new ones',
        measured: ROTATIONS.length + 1 - new Set(requests.map(({ key }) => key)).size,
        unit: 'keys',
        aim: 0,
        note: `${requests.length - calls} requests more than calls: those that met a revoked key`,
      },
      { name: 'orphan keys', measured: orphans, unit: 'keys', aim: 0 },
      {
        name: 'Secrets Manager reads a function and rotation, most',
        measured: Math.max(...reads),
        unit: 'reads',
        aim: 1,
        note: `of ${FUNCTIONS_CALLED} functions, rotation by rotation: ${reads.join(', ')}`,
      },
      { name: 'a call, p50', measured: percentileOf(seen.tookMs, 0.5), unit: 'ms' },
      { name: 'a call, p99', measured: percentileOf(seen.tookMs, 0.99), unit: 'ms' },
    ],
  };
}

/** What functions read to call OpenAI; rotation itself asks for a stage. */
function readsOf({ requests }: FaultProxy): number {
  return requests.filter(({ operation, body }) => operation === 'GetSecretValue' && !body.includes('VersionStage'))
    .length;
}

function revoke({ admin }: Awaited<ReturnType<typeof startOpenAiAdmin>>, keyId: string): void {
  admin.handle({ method: 'DELETE', path: `/organization/projects/${PROJECT}/api_keys/${keyId}`, body: {} });
}

async function* paced(): AsyncGenerator<string> {
  for (let piece = 0; piece < PIECES; piece++) {
    yield 'A weir. ';
    await setTimeout(PIECE_EVERY_MS);
  }
}
