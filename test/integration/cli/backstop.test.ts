import { expect, test } from 'vitest';
import { testKey } from '#test/support/test-key.ts';
import { refusal, startOpenAiAdmin, type OpenAiAdminOptions } from './openai-admin-server.ts';
import { runWeir } from './run-weir.ts';

const adminKey = testKey('admin');
const NOTE =
  "OpenAI's limit is not instantaneous: spend can pass it. It is a backstop; what holds is Weir's budgets.\n";

/** OpenAI's admin API, and the command line of somebody who has its key at hand. */
async function start(options: Partial<OpenAiAdminOptions> = {}) {
  const openai = await startOpenAiAdmin({ adminKey, projects: { proj_set: 10_000, proj_new: undefined }, ...options });
  // What else a shell may hold must reach neither OpenAI nor the terminal.
  const env = {
    OPENAI_BASE_URL: openai.baseUrl,
    OPENAI_API_KEY: testKey('not this one'),
    OPENAI_ORG_ID: 'org-other',
    OPENAI_LOG: 'debug',
  };
  const backstop = (args: readonly string[], stdin = `${adminKey}\n`) =>
    runWeir(['budgets', 'backstop', ...args], { stdin, env });
  return { openai, backstop };
}

test('backstop sets the limit that OpenAI keeps for the project, in cents, and says what it is worth', async () => {
  const { openai, backstop } = await start();

  const ran = await backstop(['--project', 'proj_new', '--limit', '500.5']);

  expect(ran).toEqual({
    code: 0,
    stdout: 'OpenAI project  window   limit  enforcement\nproj_new        month   $500.5  inactive\n',
    stderr: NOTE,
  });
  expect(openai.requests).toMatchObject([
    {
      method: 'POST',
      path: '/v1/organization/projects/proj_new/spend_limit',
      key: adminKey,
      body: { currency: 'USD', interval: 'month', threshold_amount: 50_050 },
    },
  ]);
  expect(openai.requests[0]!.headers).not.toHaveProperty('openai-organization');
});

test('backstop --show tells the present one, and changes nothing', async () => {
  const { openai, backstop } = await start();

  const ran = await backstop(['--project', 'proj_set', '--show', '--json']);

  expect([ran.code, ran.stderr]).toEqual([0, NOTE]);
  expect(JSON.parse(ran.stdout)).toEqual({
    project: 'proj_set',
    window: 'month',
    limitUsd: '100',
    enforcement: 'inactive',
  });
  expect(openai.requests.map(({ method }) => method)).toEqual(['GET']);
});

test('what was set is what is shown', async () => {
  const { backstop } = await start();
  await backstop(['--project', 'proj_set', '--limit', '0.01']);
  const { stdout } = await backstop(['--project', 'proj_set', '--show']);
  expect(stdout).toMatch(/^proj_set +month +\$0\.01 /m);
});

test('a key that OpenAI refuses is told without a part of it', async () => {
  const { backstop } = await start();
  const key = testKey('refused');
  const { code, stdout, stderr } = await backstop(['--project', 'proj_set', '--show'], key);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toBe(
    "weir: proj_set: OpenAI refuses the key (401 invalid_api_key); it must be an admin key of the project's organisation\n",
  );
});

test.each([
  [
    'a project that is not there',
    ['--project', 'proj_nope', '--limit', '5'],
    /OpenAI says 404 No such project: proj_nope; is it/,
  ],
  ['a project without a limit', ['--project', 'proj_new', '--show'], /OpenAI says 404 .+ has it a limit\?/],
])('%s is told in one line', async (_, args, message) => {
  const { backstop } = await start();
  const { code, stdout, stderr } = await backstop(args);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test.each([
  [
    'a key without the permission',
    refusal(403, 'missing_scope', 'Missing scopes:\n api.management.write'),
    /OpenAI says 403 Missing scopes: api/,
  ],
  [
    'a failure of OpenAI',
    { ...refusal(500, null, ''), body: `<html>${'x'.repeat(2000)}` },
    /OpenAI says 500 <html>x{1,300}\n$/,
  ],
  [
    'a limit in another currency',
    {
      status: 200,
      body: { currency: 'EUR', interval: 'month', threshold_amount: 1, enforcement: { status: 'inactive' } },
    },
    /what is no spend limit in USD/,
  ],
])('%s is one line, and exit code 1', async (_, instead, message) => {
  const { backstop } = await start({ instead });
  const { code, stdout, stderr } = await backstop(['--project', 'proj_set', '--limit', '5']);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test.each<[string, string[], RegExp]>([
  ['neither', [], /say what to do: --limit <usd>, or --show/],
  ['both', ['--limit', '5', '--show'], /--limit and --show exclude each other/],
  ['less than a cent', ['--limit', '0.001'], /--limit must be whole cents, at least 0\.01, but '0\.001'/],
  ['half a cent', ['--limit', '5.005'], /--limit must be whole cents/],
  ['nothing', ['--limit', '0'], /--limit must be whole cents, at least 0\.01/],
  ['more than cents can say', ['--limit', '100000000000000'], /--limit must be whole cents/],
  ['no project', ['--project', '../organization', '--show'], /It must be the id of an OpenAI project/],
  ['the key as an argument', [adminKey, '--show'], /too many arguments/],
])('%s is refused before OpenAI is asked', async (_, args, message) => {
  const { openai, backstop } = await start();
  const { code, stdout, stderr } = await backstop(['--project', 'proj_set', ...args]);
  expect([code, stdout, openai.requests]).toEqual([2, '', []]);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain(adminKey);
});

test('without a key it says how to give one', async () => {
  const { openai, backstop } = await start();
  const { code, stderr } = await backstop(['--project', 'proj_set', '--show'], '');
  expect([code, openai.requests]).toEqual([2, []]);
  expect(stderr).toMatch(
    /^weir: no OpenAI admin key came on standard input; try: printenv OPENAI_ADMIN_KEY \| npm run weir/,
  );
});
