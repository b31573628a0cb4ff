import { expect, test } from 'vitest';
import { createOpenAiAdmin } from '#upstream/openai-admin.ts';
import { startOpenAiAdmin } from '#test/support/openai-admin.ts';
import { testKey } from '#test/support/test-key.ts';

const PROJECT = 'proj_summaries';
const adminKey = testKey('admin');
const DAY_SECONDS = 86_400;

test('a key is minted under its name with its end, listed without its value, put off, and revoked', async () => {
  const now = () => Date.UTC(2026, 10, 22);
  await using server = await startOpenAiAdmin({ adminKey, now });
  const admin = createOpenAiAdmin(server.baseUrl, adminKey);
  const { id, value } = await admin.mint(PROJECT, 'weir one', DAY_SECONDS);
  expect(server.keys).toMatchObject([{ id, value, project: PROJECT }]);
  const listed = { id, name: 'weir one', createdAtMs: now(), expiresAtMs: now() + DAY_SECONDS * 1000 };
  expect(await admin.keys(PROJECT)).toEqual([listed]);
  expect(await admin.keys('proj_other')).toEqual([]);

  await admin.extend(PROJECT, id, 2 * DAY_SECONDS);
  expect(await admin.keys(PROJECT)).toEqual([{ ...listed, expiresAtMs: now() + 2 * DAY_SECONDS * 1000 }]);
  await admin.revoke(PROJECT, id);
  expect(server.keys).toEqual([]);
  // Gone is gone: a repeat is no fault.
  await admin.revoke(PROJECT, id);
});

test('one service account holds all keys, and its making leaves no key that nobody knows', async () => {
  await using server = await startOpenAiAdmin();
  const admin = createOpenAiAdmin(server.baseUrl, adminKey);
  await admin.mint(PROJECT, 'one', DAY_SECONDS);
  await admin.mint(PROJECT, 'two', DAY_SECONDS);
  expect(
    server.requests.filter((line) => line === `POST /organization/projects/${PROJECT}/service_accounts`),
  ).toHaveLength(1);
  expect(server.keys.map(({ name }) => name)).toEqual(['one', 'two']);
});

test('an account whose role was not set before a crash gets it at the next try', async () => {
  await using server = await startOpenAiAdmin();
  const admin = createOpenAiAdmin(server.baseUrl, adminKey);
  server.faults.push({ on: /^POST .*service_accounts\/svc_[^/]+$/, fault: 500 });
  await expect(admin.mint(PROJECT, 'one', DAY_SECONDS)).rejects.toMatchObject({ status: 500 });
  await admin.mint(PROJECT, 'one', DAY_SECONDS);
  expect(server.keys).toHaveLength(1);
});

test('all pages of a long list are read', async () => {
  await using server = await startOpenAiAdmin();
  const admin = createOpenAiAdmin(server.baseUrl, adminKey);
  const names = Array.from({ length: 230 }, (_, index) => `key ${index}`);
  await admin.mint(PROJECT, names[0]!, DAY_SECONDS);
  const account = /service_accounts\/([^/]+)/.exec(server.requests.find((line) => line.endsWith('/api_keys'))!)![1]!;
  for (const name of names.slice(1)) {
    const path = `/organization/projects/${PROJECT}/service_accounts/${account}/api_keys`;
    server.admin.handle({ method: 'POST', path, body: { name } });
  }
  expect((await admin.keys(PROJECT)).map(({ name }) => name)).toEqual(names);
});

test.each([429, 500] as const)('a %i is told and not tried again in here', async (fault) => {
  await using server = await startOpenAiAdmin();
  const admin = createOpenAiAdmin(server.baseUrl, adminKey);
  server.faults.push({ on: /^GET/, fault });
  await expect(admin.keys(PROJECT)).rejects.toMatchObject({ status: fault });
  expect(server.requests).toHaveLength(1);
});

test('a wrong admin key is refused', async () => {
  await using server = await startOpenAiAdmin({ adminKey });
  await expect(createOpenAiAdmin(server.baseUrl, testKey('wrong')).keys(PROJECT)).rejects.toMatchObject({
    status: 401,
  });
});
