import { expect, test } from 'vitest';
import { createRedactor } from '#redaction/redactor.ts';
import { corpus } from '#test/support/corpus.ts';
import { encodings } from '#test/support/encodings.ts';

interface Sample {
  readonly rule: string;
  readonly text: string;
  readonly secret: string | null;
}

const redactor = createRedactor();
const structured = new Set(['CREDIT_CARD', 'EMAIL_ADDRESS', 'IBAN_CODE', 'IP_ADDRESS', 'PHONE_NUMBER', 'US_SSN']);

/** What is found as it stands, by corpus: what an encoding hides is measured against that. */
const samples = Object.fromEntries(
  ['secretlint', 'presidio-research'].map((name) => [name, corpus<Sample>(name).filter(isFoundPlainly)]),
);

function isFoundPlainly({ rule, text, secret }: Sample): boolean {
  if (secret === null || (/^[A-Z_]+$/.test(rule) && !structured.has(rule))) return false;
  const start = text.indexOf(secret);
  return redactor.redact(text).found.some((finding) => finding.start <= start && finding.end >= start + secret.length);
}

test('there is enough to measure by', () => {
  expect(samples['secretlint']?.length).toBeGreaterThan(75);
  expect(samples['presidio-research']?.length).toBeGreaterThan(300);
});

for (const [name, found] of Object.entries(samples)) {
  test.each(Object.entries(encodings))(`D5 ${name}: a whole text behind %s is seen through`, (_encoding, encode) => {
    const seen = found.filter(({ text, secret }) => masks(encode(text), encode(text), secret ?? ''));
    expect(seen.length / found.length).toBeGreaterThanOrEqual(0.85);
  });
}

/** Whether something as long as the secret is masked in `part` of a text: no encoding is shorter than what it hides. */
function masks(text: string, part: string, secret: string): boolean {
  const from = text.indexOf(part);
  const { found } = redactor.redact(text);
  return found.some(({ start, end }) => start >= from && end <= from + part.length && end - start >= secret.length);
}

test.each(Object.entries(encodings))(
  'D5 a secret alone behind %s in a clear text is masked, and only that',
  (_name, encode) => {
    for (const secret of [
      'ada.lovelace@post.example',
      'GB82 WEST 1234 5698 7654 32',
      '5555 5555 5555 4444',
      '+44 20 7946 0958',
    ]) {
      const encoded = encode(secret);
      const { text, found } = redactor.redact(`Note “this”: ${encoded} and that 😀`);
      expect(found).toHaveLength(1);
      expect(text.startsWith('Note “this”: ')).toBe(true);
      expect(text.endsWith(' and that 😀')).toBe(true);
    }
  },
);

test('D4 benign texts are changed no more often for what their views say', () => {
  const plain = corpus<Sample>('benign').filter(({ text }) => redactor.redact(text).found.length > 0);
  expect(plain.length).toBeLessThanOrEqual(4);
});
