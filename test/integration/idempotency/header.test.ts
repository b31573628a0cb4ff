import { expect, test } from 'vitest';
import { haiku, serving } from '#test/support/haiku.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';
import { askedOfJobs } from './jobs-table.ts';

const shortened = `${'k'.repeat(40)}…`;

test.each([
  ['empty', '', `'' (0 characters)`],
  ['one character too long', 'k'.repeat(256), `'${shortened}' (256 characters)`],
  ['with a space', 'order 1', `'order 1' (7 characters)`],
  ['with a letter beyond ASCII', 'ördér', `'ördér' (5 characters)`],
  ['with a control character', 'order\t1', `'order\t1' (7 characters)`],
])(
  'L7 an Idempotency-Key that is %s: 400 that names the header, its limit and the value, and no spend',
  async (_, key, shown) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const reply = await serving(weir, { haiku: haiku() }).post(
      'haiku',
      { topic: 'rain' },
      { headers: { 'Idempotency-Key': key } },
    );
    const message = `Idempotency-Key must be 1 to 255 visible ASCII characters, but ${shown} was provided`;
    expect([reply.status, reply.body['code'], reply.body['errors']]).toEqual([
      400,
      'invalid_request',
      [{ field: 'Idempotency-Key', message }],
    ]);
    expect([upstream.requests.length, askedOfJobs(weir).length, await weir.ledger()]).toEqual([0, 0, []]);
  },
);

test.each(['!', '~'.repeat(255), '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])(
  'L7 the key %s is taken as it is',
  async (key) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const post = () =>
      serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' }, { headers: { 'Idempotency-Key': key } });
    const replies = [await post(), await post()];
    expect(replies.map(({ status, headers }) => [status, headers['x-weir-replayed']])).toEqual([
      [200, undefined],
      [200, 'true'],
    ]);
  },
);
