import { expect, test } from 'vitest';
import { parseConfig } from '#platform/config.ts';
import { ConfigurationError } from '#platform/errors.ts';

test('nothing is required: what is missing has its default', () => {
  expect(parseConfig({})).toMatchObject({
    entry: undefined,
    region: 'us-east-1',
    openaiBaseUrl: 'https://api.openai.com/v1',
    openaiSecretId: 'weir/openai',
    tables: {
      cache: 'weir-cache',
      ledger: 'weir-ledger',
      budgets: 'weir-budgets',
      callers: 'weir-callers',
      audit: 'weir-audit',
      jobs: 'weir-jobs',
    },
    queue: { maxReceives: 3, resultUrls: {} },
    noticeTopicArn: undefined,
  });
});

test.each([
  ['WEIR_MAX_RECEIVES', 'often'],
  ['WEIR_MAX_RECEIVES', '0'],
  ['WEIR_MAX_RECEIVES', '1001'],
  ['WEIR_MAX_RECEIVES', '2.5'],
  ['WEIR_RESULT_QUEUES', 'http://not-json'],
  ['WEIR_RESULT_QUEUES', '["a"]'],
  ['WEIR_RESULT_QUEUES', '{"a":5}'],
  ['WEIR_WORKLOAD_IDENTITY', 'idp_one'],
  ['WEIR_WORKLOAD_IDENTITY', 'idp_one/user_one/more'],
  ['AWS_REGION', ''],
  ['WEIR_LEDGER_TABLE', ''],
])('a wrong %s (%j) is named, and its value is not shown', (name, value) => {
  const parse = () => parseConfig({ [name]: value });
  expect(parse).toThrow(ConfigurationError);
  expect(parse).toThrow(new RegExp(`^the environment is wrong: ${name}`));
  if (value.length > 1) {
    try {
      parse();
    } catch (error) {
      expect((error as Error).message).not.toContain(value);
    }
  }
});

test('every wrong variable is named at once', () => {
  expect(() => parseConfig({ WEIR_MAX_RECEIVES: 'x', WEIR_RESULT_QUEUES: 'x', AWS_REGION: '' })).toThrow(
    /AWS_REGION.*WEIR_MAX_RECEIVES.*WEIR_RESULT_QUEUES/,
  );
});

test('a service’s own endpoint goes before the one for all', () => {
  const { endpoints } = parseConfig({ AWS_ENDPOINT_URL: 'http://all', AWS_ENDPOINT_URL_SQS: 'http://sqs' });
  expect(endpoints).toEqual({
    apigateway: 'http://all',
    dynamodb: 'http://all',
    secretsmanager: 'http://all',
    sqs: 'http://sqs',
    sns: 'http://all',
    sts: 'http://all',
  });
});

test('what is parsed cannot be changed', () => {
  expect(Object.isFrozen(parseConfig({}))).toBe(true);
});
