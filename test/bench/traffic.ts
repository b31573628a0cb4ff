import type { GatewayEvent } from '#edge/http-call.ts';
import type { LoopbackAnswer } from './loopback-process.ts';

/** About 2 KB, as a page of a report is. */
const REPORT = (
  'The weir at Oberau holds the river to a level and measures what passes. In the year under report the gauges were read ' +
  'every ten minutes, and the readings compared with those of the station upstream. On all but three days the flow stayed ' +
  'within the limits of the permit; the three days in March follow from a storm that the forecast had not seen. '
).repeat(6);

let eventCount = 0;

/** A call of `summarize` as API Gateway hands it over. With a number it is one that nobody has made before. */
export function summarizeEvent(number?: number): GatewayEvent {
  const text = number === undefined ? REPORT : `Report ${number}. ${REPORT}`;
  return {
    httpMethod: 'POST',
    path: '/v1/summarize',
    headers: {
      Accept: '*/*',
      Authorization: `Bearer ${'bench'.repeat(8)}`,
      'Content-Type': 'application/json',
      Host: 'abcdefghij.execute-api.eu-central-1.amazonaws.com',
      'User-Agent': 'bench',
      'X-Amzn-Trace-Id': 'Root=1-00000000-000000000000000000000000',
      'X-Forwarded-For': '192.0.2.1',
      'X-Forwarded-Port': '443',
      'X-Forwarded-Proto': 'https',
    },
    queryStringParameters: null,
    body: JSON.stringify({ text, sentences: 3 }),
    isBase64Encoded: false,
    requestContext: {
      requestId: `bench-${++eventCount}`,
      requestTimeEpoch: Date.now(),
      authorizer: { callerId: 'bench', roles: 'caller' },
    },
  };
}

let reportCount = 0;

/** So many calls, each of a text of its own: all of them miss the cache. */
export function misses(count: number): GatewayEvent[] {
  return Array.from({ length: count }, () => summarizeEvent(++reportCount));
}

/** So many calls of one text: after the first, all are hits. */
export function hits(count: number): GatewayEvent[] {
  return Array.from({ length: count }, () => summarizeEvent());
}

/** The environment of `summarize` as Lambda sets it, with the mocks in AWS's and OpenAI's place. */
export function lambdaEnvironment({ awsUrl, openaiUrl }: LoopbackAnswer): Record<string, string> {
  return {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    // As long as Lambda's: it travels with every request to AWS, and is signed.
    AWS_SESSION_TOKEN: 'bench'.repeat(180),
    AWS_LAMBDA_FUNCTION_NAME: 'weir-summarize',
    AWS_LAMBDA_FUNCTION_VERSION: '1',
    AWS_ENDPOINT_URL: awsUrl,
    OPENAI_BASE_URL: openaiUrl,
    WEIR_ENTRY: 'summarize',
  };
}

/** The environment in which the stock SDK finds the mock. */
export function rawSdkEnvironment({ openaiUrl }: LoopbackAnswer): Record<string, string> {
  return { OPENAI_BASE_URL: openaiUrl, OPENAI_API_KEY: ['sk', 'proj', 'bench'.repeat(30)].join('-') };
}
