import { expect, test } from 'vitest';
import { smokeCall } from '#infra/cli/setup/smoke-call.ts';
import { serveJson } from './loopback-server.ts';

test.each<[number, string, string, RegExp]>([
  [401, 'unauthenticated', 'a valid key is required', /the callers table/],
  [403, 'forbidden', 'this key may not use this', /may need some minutes to know the usage plans .+; call again then/],
  [402, 'budget_exceeded', 'over', /monthly budget/],
  [502, 'upstream_credential', 'refused', /the OpenAI key/],
])('a %i of the first call says what to look at', async (status, code, detail, advice) => {
  const { url, requests } = await serveJson(() => ({ status, body: { code, detail, requestId: 'r-1' } }));
  const { ok, lines } = await smokeCall(url, 'a-key');
  expect([ok, requests.map(({ path, key }) => [path, key])]).toEqual([false, [['/v1/summarize', 'a-key']]]);
  expect(lines).toEqual([
    `POST ${url}/v1/summarize: ${status}`,
    `${code}: ${detail}`,
    expect.stringMatching(new RegExp(`^look at: .*${advice.source}.* \\(request id r-1\\)$`)) as string,
  ]);
});
