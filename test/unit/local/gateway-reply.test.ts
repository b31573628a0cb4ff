import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { GatewayEvent } from '#edge/http-call.ts';
import { replyStreamed } from '#infra/local/gateway-reply.ts';
import { hostFunction } from '#infra/local/lambda-host.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { streamingEntry } from '#test/support/streaming-entry.ts';

test('for a caller who left before the function was asked it is not asked', async () => {
  let calls = 0;
  const clock = new FakeClock();
  const entry = streamingEntry('talk', { kind: 'route', timeoutMs: 1_000 }, async ({ begin }) => {
    calls++;
    begin().end();
  });
  const hosted = hostFunction(entry, entry.handler, clock);
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  response.destroy();
  const event = {} as GatewayEvent;
  const head = await replyStreamed({ hosted, event, requestId: 'request-1', response, clock, moreHeaders: {} });
  expect([head, calls, clock.pending]).toEqual([{ statusCode: 499, headers: {} }, 0, 0]);
});
