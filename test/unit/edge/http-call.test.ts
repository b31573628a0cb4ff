import { expect, test } from 'vitest';
import { toHttpCall, type GatewayEvent } from '#edge/http-call.ts';

const event: GatewayEvent = {
  httpMethod: 'POST',
  path: '/v1/summarize',
  headers: null,
  queryStringParameters: null,
  body: null,
  isBase64Encoded: false,
  requestContext: { requestId: 'r', requestTimeEpoch: 1 },
};

test('I7 header names are told in lower case; of two that differ in case only, the last counts', () => {
  const { headers } = toHttpCall({
    ...event,
    headers: { 'X-A': '1', 'x-a': '2', 'CONTENT-type': 'c', gone: undefined },
  });
  expect({ ...headers }).toEqual({ 'x-a': '2', 'content-type': 'c' });
});

test('names of a prototype are names like any other', () => {
  const headers = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as Record<string, string>;
  const call = toHttpCall({ ...event, headers, queryStringParameters: headers });
  expect(call.headers['__proto__']).toBe('a');
  expect(call.headers['tostring']).toBe('c');
  expect(call.query['constructor']).toBe('b');
  expect(toHttpCall(event).headers['constructor']).toBeUndefined();
});

test('no headers, no query, no body and no authorizer are none', () => {
  const call = toHttpCall(event);
  expect([{ ...call.headers }, { ...call.query }, call.rawBody, call.authorizer]).toEqual([
    {},
    {},
    undefined,
    undefined,
  ]);
  expect(
    toHttpCall({ ...event, requestContext: { ...event.requestContext, authorizer: null } }).authorizer,
  ).toBeUndefined();
});

test('a body keeps its encoding', () => {
  expect(toHttpCall({ ...event, body: 'e30=', isBase64Encoded: true }).rawBody).toEqual({
    text: 'e30=',
    isBase64: true,
  });
  expect(toHttpCall({ ...event, body: '' }).rawBody).toEqual({ text: '', isBase64: false });
});

test.each([
  ['endpoint%3Asummarize', 'endpoint:summarize'],
  ['endpoint:summarize', 'endpoint:summarize'],
  ['openai%2Fchat', 'openai/chat'],
  ['%C3%A9t%C3%A9', 'été'],
  // Decoded on its way: what is no code stays.
  ['100%', '100%'],
  ['%zz', '%zz'],
  ['%FF', '%FF'],
  ['a+b', 'a+b'],
])('I7 a parameter of the path %j is %j, however far the gateway decoded it', (sent, meant) => {
  expect(toHttpCall({ ...event, pathParameters: { scope: sent } }).parameters['scope']).toBe(meant);
});

test('a path without parameters has none', () => {
  expect({ ...toHttpCall(event).parameters }).toEqual({});
  expect({ ...toHttpCall({ ...event, pathParameters: null }).parameters }).toEqual({});
});
