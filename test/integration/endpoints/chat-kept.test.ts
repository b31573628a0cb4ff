import { expect, test } from 'vitest';
import { serverError } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { startWeir } from '#test/support/weir.ts';
import { chatPrices, isRouting, user } from './chat-upstream.ts';

const routing = answer({ json: { size: 'small' } });
const body = { messages: [user('Hello.')] };

test('a routing is kept though the answer behind it fails: the same conversation is not routed again', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  upstream.otherwise(choose((request) => (isRouting(request) ? routing : serverError())));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  for (let call = 0; call < 2; call++) expect((await weir.post('chat', body)).status).toBe(502);
  expect(upstream.requests.filter(isRouting)).toHaveLength(1);
});

test('C6 who waits for a routing has it when it is there, not when the call that asked for it is over', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  const gate = new Gate();
  const answers = [answer({ gate })];
  upstream.otherwise(choose((request) => (isRouting(request) ? routing : (answers.shift() ?? answer()))));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const first = weir.post('chat', body);
  await gate.reached();
  expect((await weir.post('chat', body)).status).toBe(200);
  gate.open();
  expect((await first).status).toBe(200);
  expect(upstream.requests.filter(isRouting)).toHaveLength(1);
});
