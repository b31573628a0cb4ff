import { expect, test } from 'vitest';
import { toCallerItem } from '#edge/caller-key.ts';
import { mintCallerKey } from '#edge/callers/key-form.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { startWeir, type WeirOptions } from '#test/support/weir.ts';

const AUTHORIZER = 'security/authorize-caller';
const record = { id: 'ada', roles: ['caller'], endpoints: ['*'] } as const;
const questionOf = (key: string) => ({
  type: 'TOKEN',
  authorizationToken: `Bearer ${key}`,
  methodArn: 'arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/live/POST/v1/summarize',
});

/** A Weir whose table knows a caller by each of these keys. */
async function weirThatKnows(keys: readonly string[], variables: WeirOptions['variables'] = {}) {
  await using parts = new AsyncDisposableStack();
  const upstream = parts.use(await startScriptedUpstream());
  const weir = parts.use(await startWeir({ baseUrl: upstream.baseUrl, variables }));
  const { dynamo, config } = weir.platform;
  for (const key of keys) await dynamo.put(config.tables.callers, toCallerItem(key, record));
  const before = weir.dynamoDb.requests.length;
  const asked = () => weir.dynamoDb.requests.length - before;
  const open = parts.move();
  return { weir, asked, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** The same key with another last character, so that its checksum is wrong. */
const mistyped = (key: string) => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');

test('A1 a key whose checksum is wrong is refused without a question to the table, even if it stood there', async () => {
  const wrong = mistyped(mintCallerKey());
  await using known = await weirThatKnows([wrong]);
  await expect(known.weir.invoke(AUTHORIZER, questionOf(wrong))).rejects.toThrow(/^Unauthorized$/);
  expect(known.asked()).toBe(0);
});

test('a minted key and a key of any other form are looked for in the table', async () => {
  const keys = [mintCallerKey(), 'a-fixed-key', `weir_${'0f'.repeat(24)}`];
  await using known = await weirThatKnows(keys);
  for (const key of keys) {
    expect(await known.weir.invoke(AUTHORIZER, questionOf(key))).toMatchObject({ principalId: 'ada' });
  }
  expect(known.asked()).toBe(keys.length);
  await expect(known.weir.invoke(AUTHORIZER, questionOf(mintCallerKey()))).rejects.toThrow(/^Unauthorized$/);
});

test('where a fixed key of this machine has the form by accident, it goes on working', async () => {
  const fixed = `weir_${'a'.repeat(40)}`;
  await using known = await weirThatKnows([fixed], { WEIR_ANY_KEY: 'true' });
  expect(await known.weir.invoke(AUTHORIZER, questionOf(fixed))).toMatchObject({ principalId: 'ada' });
});
