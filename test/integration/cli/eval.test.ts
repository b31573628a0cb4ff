import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startLocalWeir, type LocalWeir } from '#infra/local/local-weir.ts';
import type { SpendReport } from '#ledger/spend-report.ts';
import { modelNotFound } from '#test/support/scripted-failures.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { runWeir } from './run-weir.ts';

const TERMINAL_SAYS = 'nobody can be asked here';
const GOOD = 'Führe `npm start` aus.\n\nGut.';
const SMALL = 'gpt-6-luna';

let folder: string;
let upstream: ScriptedUpstream;
let weir: LocalWeir;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-eval-'));
  upstream = await startScriptedUpstream();
  const { baseUrl: openaiBaseUrl } = upstream;
  weir = await startLocalWeir({ port: 0, dataDir: folder, keys: {}, openaiBaseUrl, awsEndpoints: {} });
});
afterAll(async () => {
  await weir.stop();
  await upstream.stop();
  await rm(folder, { recursive: true, force: true });
});
let askedBefore = 0;
beforeEach(() => void (askedBefore = upstream.requests.length));
/** What this test had asked of the upstream. */
const asked = () => upstream.requests.slice(askedBefore);

const evaluate = (...args: readonly string[]) => runWeir(['eval', ...args], { env: { WEIR_DATA_DIR: folder } });
const get = async (path: string) => {
  const headers = { authorization: `Bearer ${weir.keys.administrator}` };
  const reply = await fetch(weir.outputs.apiUrl + path, { headers });
  return reply.json();
};
const spendOf = (query: string) => get(`/v1/spend?${query}`) as Promise<SpendReport>;
const modelsAsked = () => new Set(asked().map(({ body }) => body.model));

/** The small model loses what is to be kept; the others keep it. */
const smallIsPoor = choose(({ body }) => answer({ text: body.model === SMALL ? 'Alles anders.' : GOOD }));
const goodAnswers = answer({ text: GOOD });

test('models stand side by side, with what each failed, and the run ends with 1 since the endpoint’s own did', async () => {
  upstream.otherwise(smallIsPoor);
  const ran = await evaluate('translate', '--yes');
  expect(ran.code).toBe(1);
  const [head, ...rows] = ran.stdout.split('\n');
  expect(head).toMatch(/^model +tier +passed +cost +a call +median ms +slowest ms$/);
  expect(rows[0]).toMatch(/^gpt-6-luna \* +small +1 of 3 +\$0\.\d+ +\$0\.\d+ +\d+ +\d+$/);
  expect(rows[1]).toMatch(/^gpt-6\.1-terra +medium +3 of 3 /);
  expect(rows[2]).toMatch(/^gpt-6\.1-sol +large +3 of 3 /);
  expect(ran.stdout).toContain('gpt-6-luna failed keeps code: the code is gone\n');
  expect(ran.stdout).toContain("gpt-6-luna, the endpoint's own, was the cheapest of them.\n");
  expect(ran.stdout).not.toContain('simulated');
});

test('a cheaper model that passes what the endpoint’s own passes is named, with its share of the cost', async () => {
  upstream.otherwise(goodAnswers);
  const ran = await evaluate('translate', '--yes', '--models', 'gpt-5-nano', '--json');
  const [own, cheaper] = ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(own).toMatchObject({ model: SMALL, isOwn: true, passed: 3, calls: 3, faults: [] });
  expect(cheaper).toMatchObject({ model: 'gpt-5-nano', tier: '', isOwn: false, passed: 3 });
  const table = await evaluate('translate', '--yes', '--models', 'gpt-5-nano');
  expect([table.code, table.stdout]).toEqual([
    0,
    expect.stringMatching(
      /^gpt-5-nano would have passed, at \d+(\.\d)? % of the cost of gpt-6-luna, the endpoint's own\.$/m,
    ),
  ]);
});

test('the calls are in the ledger: of the evaluator, under the tag eval, and to the cent what the table says', async () => {
  upstream.otherwise(goodAnswers);
  const ran = await evaluate('translate', '--yes', '--times', '2', '--json');
  const runId = /under the tag eval=(\w+)/.exec(ran.stderr)?.[1];
  const told = ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { model: string; costUsd: string });
  expect(ran.stderr).toMatch(/18 of 18 calls done/);
  const { rows } = await spendOf(`by=model,caller,endpoint&tag=eval%3D${runId}`);
  const inLedger = rows.map(({ model, caller, endpoint, calls, costUsd }) => ({
    model,
    caller,
    endpoint,
    calls,
    costUsd,
  }));
  expect(new Set(inLedger)).toEqual(
    new Set(
      told.map(({ model, costUsd }) => ({ model, caller: 'weir-eval', endpoint: 'translate', calls: 6, costUsd })),
    ),
  );
  expect((await spendOf('by=endpoint&tag=eval%3Dnone')).rows).toEqual([]);
  const all = await spendOf('by=endpoint&tag=eval');
  expect(all.rows[0]!.calls).toBeGreaterThan(18);
});

test('each call asks the upstream: nothing comes from the cache, and nothing of it is left there', async () => {
  upstream.otherwise(goodAnswers);
  await evaluate('translate', '--yes', '--times', '3', '--models', SMALL);
  expect(asked()).toHaveLength(9);
  const input = { text: 'Run `npm start` before you read on.', to: 'German' };
  const reply = await fetch(`${weir.outputs.apiUrl}/v1/translate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${weir.keys.caller}` },
    body: JSON.stringify(input),
  });
  expect([reply.status, reply.headers.get('x-weir-cache')]).toEqual([200, 'miss']);
});

test('a model on trial answers every question of an endpoint whose run names tiers of its own, without a fallback', async () => {
  upstream.otherwise(choose(({ body }) => (body.model === 'gpt-6.1-sol' ? modelNotFound() : answer())));
  await evaluate('classify', '--yes', '--models', 'large');
  expect(modelsAsked()).toEqual(new Set([SMALL, 'gpt-6.1-sol']));
});

test('the budget of evaluations is theirs alone, is kept, and ends a run that it does not cover', async () => {
  upstream.otherwise(goodAnswers);
  const ran = await evaluate('translate', '--yes', '--budget', '0.0001');
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/Evaluations may spend \$0 more today \(UTC\), of \$0\.0001/);
  expect(ran.stderr).toMatch(/The run ended early: 402 .*caller:weir-eval/);
  expect(ran.stdout).toContain('Nothing was asked.');
  expect(asked()).toEqual([]);
  expect(await get('/v1/budgets/caller:weir-eval?window=day')).toMatchObject({ limitUsd: '0.0001' });
  const again = await evaluate('translate', '--yes', '--budget', '5', '--models', SMALL);
  expect(again.code).toBe(0);
});

test.each<[string, readonly string[], RegExp]>([
  ['no one to confirm', ['translate'], new RegExp(TERMINAL_SAYS)],
  ['no such endpoint', ['nope', '--yes'], /endpoint must be one with evaluations \(.*translate.*\), but 'nope'/],
  ['no evaluations', ['chat', '--yes'], /chat has no evaluations/],
  ['a model without a price', ['translate', '--yes', '--models', 'gpt-none'], /'gpt-none' has none/],
  ['a model of another kind', ['translate', '--yes', '--models', 'text-embedding-3-small'], /must be text models/],
  ['no number', ['translate', '--yes', '--times', '0'], /whole number from 1 to 50/],
  ['a budget in words', ['translate', '--yes', '--budget', 'five'], /decimal US dollars/],
])('%s: the command ends with 2, says why, and asks nothing', async (_what, args, says) => {
  const ran = await evaluate(...args);
  expect([ran.code, ran.stdout]).toEqual([2, '']);
  expect(ran.stderr).toMatch(says);
  expect(asked()).toEqual([]);
});
