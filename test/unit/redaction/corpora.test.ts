import { expect, test } from 'vitest';
import { createRedactor } from '#redaction/redactor.ts';
import { benignCorpora, secretCorpora } from '#test/bench/redaction/corpora.ts';
import { remains } from '#test/bench/redaction/remains.ts';
import { score } from '#test/bench/redaction/scoring.ts';

const redactor = createRedactor();
const { recall, changed } = score(redactor);

/** In percent. */
function foundOf(name: string): number {
  const { of, missed } = recall[name] ?? { of: 0, missed: [] };
  return (100 * (of - missed.length)) / of;
}

test.each(secretCorpora())('D2 D3 in $name at least $floor % is found', ({ name, floor }) => {
  expect(foundOf(name)).toBeGreaterThanOrEqual(floor);
});

/** D2 names them; each with the rules of the corpora that are about it. */
const providers: Readonly<Record<string, RegExp>> = {
  OpenAI: /openai/,
  Anthropic: /anthropic/,
  AWS: /rule-aws|^aws-/,
  GitHub: /github/,
  Slack: /slack/,
  Stripe: /stripe/,
  Google: /gcp/,
  Azure: /azure/,
  JWTs: /^jwt/,
  'private keys': /privatekey\/|^private-key/,
  'URLs with passwords': /basicauth|database-connection|sidekiq-sensitive-url/,
};

test.each(Object.entries(providers))('D2 of the secrets of %s at least 95 %% are found', (_provider, rules) => {
  const records = secretCorpora().flatMap((corpus) => corpus.records.filter(({ rule }) => rules.test(rule)));
  const secrets = records.filter(({ secret }) => secret !== null);
  const found = secrets.filter(({ text, secret }) => !remains(redactor.redact(text).text, secret ?? ''));
  expect(secrets.length).toBeGreaterThan(2);
  expect(found.length / secrets.length).toBeGreaterThanOrEqual(0.95);
});

test('D4 of benign prose and code at most 0.5 % of the texts are changed', () => {
  const benign = [changed['prose'], changed['code']];
  const of = benign.reduce((sum, part) => sum + (part?.of ?? 0), 0);
  const texts = benign.flatMap((part) => part?.texts ?? []);
  expect(of).toBe(800);
  expect(texts.length).toBeLessThanOrEqual(0.005 * of);
});

test('a text redacted twice is what it was after the first time', () => {
  const texts = [
    ...benignCorpora().flatMap((corpus) => corpus.texts),
    ...secretCorpora().flatMap(({ records }) => records.map(({ text }) => text)),
  ];
  for (const text of new Set(texts)) {
    const once = redactor.redact(text).text;
    expect(redactor.redact(once)).toEqual({ text: once, found: [] });
  }
});

test('what half a secret leaves standing does not count as found', () => {
  expect(remains('token=[SECRET]', 'abcdefgh')).toBe(false);
  expect(remains('token=abcd[SECRET]', 'abcdefgh')).toBe(true);
  expect(remains('token=abc[SECRET]', 'abcdefgh')).toBe(false);
  expect(remains('AWS_KEY = [SECRET]', 'AWS_KEY = abcdefgh')).toBe(false);
  expect(remains('AWS_KEY = [SECRET]efgh', 'AWS_KEY = abcdefgh')).toBe(true);
});
