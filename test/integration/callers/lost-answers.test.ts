import { afterEach, beforeEach, expect, test } from 'vitest';
import { awsError, dropAnswer } from '#test/support/fault-proxy.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

let parts: AsyncDisposableStack;
let weir: Weir;
beforeEach(async () => {
  parts = new AsyncDisposableStack();
  const upstream = parts.use(await startScriptedUpstream());
  weir = parts.use(await startWeir({ baseUrl: upstream.baseUrl }));
});
afterEach(() => parts.disposeAsync());

const asAdministrator = { caller: 'root', roles: ['administrator'] } as const;
const ofShop = { ...asAdministrator, params: { id: 'shop' } };

const create = (more: object = {}) => weir.post('security/create-caller', { id: 'shop', ...more }, asAdministrator);

/** Whether the authorizer knows a key. */
const opens = (key: unknown) =>
  weir
    .invoke('security/authorize-caller', {
      authorizationToken: `Bearer ${String(key)}`,
      methodArn: 'arn:aws:execute-api:eu-central-1:111122223333:api/prod/POST/v1/summarize',
    })
    .then(
      () => true,
      () => false,
    );

async function trail(): Promise<string[]> {
  const { body } = await weir.get('security/read-audit', {}, asAdministrator);
  const entries = body['entries'] as { readonly action: string; readonly outcome: string }[];
  return entries.map(({ action, outcome }) => `${action} ${outcome}`);
}

/** DynamoDB does the next write of that text, and its answer is lost: the client writes again. */
function loseAnswer(bodyIncludes: string): void {
  weir.dynamoDb.rules.push({ operation: 'PutItem', bodyIncludes, nth: 1, fault: dropAnswer });
}

test('a rotation whose write is made twice gives one new key, which has no end', async () => {
  await create();
  loseAnswer('"caller#shop"');
  const { status, body } = await weir.post('security/rotate-caller-key', { overlapSeconds: 0 }, ofShop);
  expect(status).toBe(201);
  expect(await opens(body['key'])).toBe(true);
  const { body: shown } = await weir.get('security/read-caller', {}, ofShop);
  const keys = shown['keys'] as { readonly keyId: string }[];
  expect(keys.filter(({ keyId }) => keyId === body['keyId'])).toHaveLength(1);
});

test('a rotation whose reply cannot be made ends no key', async () => {
  const { body } = await create();
  weir.dynamoDb.rules.push({
    operation: 'GetItem',
    bodyIncludes: 'caller:shop',
    fault: awsError('InternalServerError', { status: 500 }),
  });
  const { status } = await weir.post('security/rotate-caller-key', { overlapSeconds: 0 }, ofShop);
  expect(status).toBe(500);
  weir.dynamoDb.rules.length = 0;
  expect(await opens(body['key'])).toBe(true);
});

test('a caller with a budget whose key is written twice has it once', async () => {
  const gate = { count: 0 };
  weir.dynamoDb.rules.push({
    operation: 'PutItem',
    bodyIncludes: '"caller#shop"',
    fault: async (exchange) => {
      gate.count += 1;
      // The second is the one that brings the key.
      if (gate.count === 2) return dropAnswer(exchange);
      exchange.reply(await exchange.forward());
    },
  });
  const { status, body } = await create({ budget: { monthlyUsd: '5' } });
  expect(status).toBe(201);
  expect(await opens(body['key'])).toBe(true);
  expect((body['caller'] as { readonly keys: readonly unknown[] }).keys).toHaveLength(1);
});

test('a caller whose record was written and not answered for is not told to be another’s, nor the trail that nothing was done', async () => {
  loseAnswer('"caller#shop"');
  const { status } = await create();
  const { status: read } = await weir.get('security/read-caller', {}, ofShop);
  expect(read).toBe(200);
  expect(status).not.toBe(409);
  expect(await trail()).not.toContain('caller.create refused');
});

test.each([
  ['the entry', 'caller.create'],
  ['its outcome', '#outcome'],
])('the audit trail takes %s that is written twice', async (_what, written) => {
  loseAnswer(written);
  expect((await create()).status).toBe(201);
  expect(await trail()).toEqual(['caller.create done']);
});
