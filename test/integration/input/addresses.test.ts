import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { refusalOf } from '#test/support/told-refusal.ts';

let gateway: LocalGateway;
beforeAll(async () => {
  gateway = await startLocalGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const model = 'gpt-6-luna';

/** Every place on the compatible routes in which OpenAI is told to fetch something. */
const PLACES: readonly (readonly [api: string, place: string, body: (url: string) => object])[] = [
  [
    'chat/completions',
    'messages.0.content.1.image_url.url',
    (url) => ({
      model,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'image_url', image_url: { url } },
          ],
        },
      ],
    }),
  ],
  [
    'responses',
    'input.0.content.0.image_url',
    (url) => ({ model, input: [{ role: 'user', content: [{ type: 'input_image', image_url: url }] }] }),
  ],
  [
    'responses',
    'input.0.output.0.image_url',
    (url) => ({
      model,
      input: [{ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_image', image_url: url }] }],
    }),
  ],
  [
    'responses',
    'input.0.content.0.file_url',
    (url) => ({ model, input: [{ role: 'user', content: [{ type: 'input_file', file_url: url }] }] }),
  ],
  ['moderations', 'input.0.image_url.url', (url) => ({ input: [{ type: 'image_url', image_url: { url } }] })],
];

const INWARDS = [
  'http://example.com/a.png',
  'https://localhost/a.png',
  'https://127.0.0.1/a.png',
  'https://2130706433/a.png',
  'https://0x7f.1/a.png',
  'https://0177.0.0.1/a.png',
  'https://[::1]/a.png',
  'https://[::ffff:10.0.0.1]/a.png',
  'https://10.1.2.3/a.png',
  'https://192.168.0.1/a.png',
  'https://169.254.169.254/latest/meta-data/',
  'https://metadata.google.internal/computeMetadata/v1/',
  'https://127.0.0.1.:443/a.png',
  'https://１２７.0.0.1/a.png',
  'file:///etc/passwd',
  'ftp://example.com/a.png',
  'javascript:alert(1)',
  ' ',
];

test.each(PLACES)('I2 OpenAI is sent to no inner address from %s, %s', async (api, place, bodyWith) => {
  for (const url of INWARDS) {
    const reply = await gateway.send({ path: `/openai/v1/${api}`, body: bodyWith(url) });
    const { status, errors } = refusalOf('openai', reply);
    expect([url, status, errors?.[0]?.field]).toEqual([url, 400, place]);
  }
  expect(gateway.upstream.requests).toEqual([]);
  expect(await gateway.ledger()).toEqual([]);
});

test.each(PLACES)('I2 a public address passes from %s, %s, as it stands', async (api, _place, bodyWith) => {
  const url = 'https://example.com/a.png?size=%201#x';
  const before = gateway.upstream.requests.length;
  expect((await gateway.send({ path: `/openai/v1/${api}`, body: bodyWith(url) })).status).toBe(200);
  expect(gateway.upstream.requests.length - before).toBe(1);
  expect(gateway.upstream.requests.at(-1)!.rawBody).toContain(JSON.stringify(url));
});
