import { expect, test } from 'vitest';
import { allDetectors } from '#redaction/detectors.ts';
import { exampleOf } from '#redaction/example.ts';
import { createRedactor } from '#redaction/redactor.ts';
import { createScanner } from '#redaction/scanner.ts';

const detectors = allDetectors();

const redactor = createRedactor();
const named = detectors.map((detector) => [detector.kind, detector.example.slice(0, 48), detector] as const);

/** Where another detector names the whole of an example, because it stands first in the set or knows more. */
const otherKinds: Readonly<Record<string, string>> = {
  GOCARDLESS_TOKEN: 'LOB_KEY',
  WALLET: 'GENERATED_SECRET',
};

test.each(named)('%s %s: its example is found by it, and under its kind by all of them', (kind, _example, detector) => {
  const scan = createScanner([detector]);
  for (const seed of [1, 2, 3]) {
    const example = exampleOf(detector.example, seed);
    const text = `It says: ${example} and so on.`;
    const [alone, ...more] = scan(text);
    expect(more).toEqual([]);
    expect(alone, text).toBeDefined();
    const kinds = redactor
      .redact(text)
      .found.flatMap((found) => (found.start < alone!.end && found.end > alone!.start ? [found.kind] : []));
    expect([kind, otherKinds[kind]], text).toContain(kinds[0]);
  }
});

test.each(named)('%s %s: it is found at either end of a text, too', (_kind, _example, detector) => {
  const example = exampleOf(detector.example);
  const scan = createScanner([detector]);
  expect(scan(`${example} .`)).toHaveLength(1);
  expect(scan(`. ${example}`)).toHaveLength(1);
});

test.each(named)('%s %s: its pattern is sticky, and no longer than it says', (kind, _example, detector) => {
  expect(kind).toMatch(/^[A-Z][A-Z0-9_]+$/);
  expect(detector.pattern.flags).toMatch(/^[imsuvy]*y[imsuvy]*$/);
  const found = new RegExp(detector.pattern.source, detector.pattern.flags.replace('y', '')).exec(
    exampleOf(detector.example),
  );
  expect(found?.[0].length).toBeLessThanOrEqual(detector.longest);
  const bare = detector.pattern.source.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x');
  expect(bare, 'no repetition without a bound').not.toMatch(/[*+]|\{\d+,\}/);
});

test.each([
  'api_key = "your-api-key-here"',
  'API_KEY=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  'export TOKEN=${GITHUB_TOKEN}',
  'token: <your token 1234567890>',
  'const token = process.env.OPENAI_API_KEY;',
  'password = os.environ["DB_PASSWORD"]',
  'password: string;',
  'password = getPassword(user1)',
  'const secret = await secrets.read(name);',
  'private_key_path: /etc/ssl/private/server1.pem',
  'tokenUrl: https://login.example.com/oauth2/token',
  'maxTokens: 4096, promptTokens: 1234567890',
  'primaryKey = "orders#2026-11-22#0001"',
  'https://{USER}:{PASSWORD}@db.example.com/',
  'postgres://user:${PASSWORD}@localhost:5432/app',
  'Authorization: Bearer <token>',
  'curl -u "$USER:$PASSWORD" https://api.example.com',
  ['-----BEGIN PRIVATE', 'KEY-----\n...\n-----END PRIVATE', 'KEY-----'].join(' '),
  `AWS_ACCESS_KEY_ID=${['AKIA', 'IOSFODNN7EXAMPLE'].join('')}`,
  'We skip the sky-high risk-adjusted task-list.',
  'The bearer of good news met us at https://example.org:8080/a@b.',
  'weir_settings and AIza and AKIA are words of ours, gh_pages too.',
  'A key begins with sk- and xoxb- and eyJ, says the manual.',
  'SHA-256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  '"integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="',
  'callId 01m81j18g0h8330y27y35p2nmy, chatcmpl-9lHxQ2ab34CD56ef78GH90ij12KL',
  'import { CreateOAuth2TokenWithIAMCommand } from "./X509CredentialV2Parser3.ts"',
])('D4 a placeholder, a variable, an id or a hash is left alone: %s', (text) => {
  expect(redactor.redact(text)).toEqual({ text, found: [] });
});
