import { expect, test } from 'vitest';
import { leaksIn, secretsIn } from './leaks.ts';

const secret = ['weir', 'Kq7vT2mXz9RfLw4sJd8yHb3nPc6gVt1u'].join('_');
const secrets = { caller: secret };

test.each([
  ['a key', `the key ${secret} is wrong`],
  ['half a key', `the key ${secret.slice(0, 20)}… is wrong`],
  ['an organisation', 'openai-organization: org-acme'],
  ['a project', 'proj_abc'],
  ['an ARN', 'arn:aws:iam::123456789012:role/weir'],
  ['a stack', 'boom\n    at run (index.js:1:2)'],
  ['a source file', 'at safe-json.ts:12'],
  ['a path', 'open /var/task/index.js'],
  ['the name of a class of errors', 'TypeError: x is not a function'],
])('%s is found in a reply, or these tests prove nothing', (_what, text) => {
  expect(leaksIn(text, secrets)).not.toEqual([]);
});

test('what the attacker has said may come back, but for a secret; a log is looked through for secrets', () => {
  expect(leaksIn('no route /home/ada', secrets, 'GET /home/ada')).toEqual([]);
  expect(leaksIn(`no route /${secret}`, secrets, `GET /${secret}`)).toEqual(['caller']);
  expect(leaksIn('{"detail":"text is required (a text)"}', secrets)).toEqual([]);
  expect([secretsIn(`x${secret.slice(8)}`, secrets), secretsIn('at run (a.ts:1)', secrets)]).toEqual([['caller'], []]);
});
