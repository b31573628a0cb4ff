import type { PhoneNumber } from 'libphonenumber-js/max';
import { expect, test } from 'vitest';
import { phones } from '#redaction/detectors/personal/phone.ts';
import { createRedactor } from '#redaction/redactor.ts';
import { mobileExamples, numbersOfEveryKind } from '#test/support/valid-phones.ts';

const redactor = createRedactor(phones);

const forms: Readonly<Record<string, (number: PhoneNumber) => string>> = {
  'E.164': (number) => number.number,
  international: (number) => number.formatInternational(),
  'RFC 3966': (number) => number.format('RFC3966'),
  national: (number) => number.formatNational(),
  'from abroad': (number) => number.format('IDD', { fromCountry: number.country === 'FR' ? 'DE' : 'FR' }),
  'with an extension': (number) => `${number.formatInternational()} ext. 42`,
};
const sentences: Readonly<Record<string, (number: string) => string>> = {
  'in a sentence': (number) => `Please call me back on ${number}, or write.`,
  'behind a label': (number) => `Tel.: ${number}`,
  'in JSON': (number) => JSON.stringify({ name: 'Ada', phone: number }),
};
// Three countries give numbers of four digits: too few, even behind a label.
const samples = { 'mobile example': mobileExamples(), 'number of any kind of line': numbersOfEveryKind() };

test('the samples are what they are said to be', () => {
  expect(samples['mobile example'].length).toBeGreaterThan(240);
  expect(samples['number of any kind of line'].length).toBeGreaterThan(1000);
});

for (const [what, numbers] of Object.entries(samples)) {
  test.each(Object.entries(forms))(`D3 at least 98 %% of libphonenumber’s: every ${what}, %s`, (_form, write) => {
    for (const sentence of Object.values(sentences)) {
      const missed = numbers.filter((number) => !isMasked(write(number), sentence));
      expect(missed.length / numbers.length, missed.map(write).join(', ')).toBeLessThanOrEqual(0.02);
    }
  });
}

test('D3 with its country code a number needs no word beside it', () => {
  const numbers = Object.values(samples).flat();
  const missed = numbers.filter((number) => !isMasked(number.formatInternational(), (text) => `It was ${text} again`));
  expect(missed.length / numbers.length).toBeLessThanOrEqual(0.02);
});

/** Whether the whole number is masked, and nothing of the sentence but `tel:`. */
function isMasked(number: string, sentence: (number: string) => string): boolean {
  const written = number.replace(/^tel:/, '');
  const text = sentence(written);
  return redactor.redact(text).text === text.replace(JSON.stringify(written).slice(1, -1), '[PHONE]');
}

test.each([
  ['0412 345 678', 'groups after a trunk 0'],
  ['0044 20 7946 0958', 'from abroad, 00'],
  ['011 44 20 7946 0958', 'from North America'],
  ['+46 (0)8 928 571 38', 'a trunk 0 that is left out abroad'],
  ['(020) 7946 0958', 'an area code in brackets'],
  ['202-555-0123', 'North America'],
  ['1 (202) 555-0123 ext. 9', 'North America with a prefix and an extension'],
  ['01.84.17.61.18', 'France'],
  ['131 2345 6789', 'three, four, four'],
  ['8 (912) 345-67-89', 'Russia'],
])('%s is found without a word beside it: %s', (number) => {
  expect(redactor.redact(`It was ${number} again.`).text).toBe('It was [PHONE] again.');
});

test.each([
  '+1 102 555 0123',
  '+999 123 4567',
  '+20231122',
  '+7123456789',
  '+4412345',
  '+1700000000',
  '0000 123 456 789',
  '+12345678901234',
])('%s is no number of any country', (number) => {
  expect(redactor.redact(`It was ${number} again.`).found).toEqual([]);
});

test.each([
  '2026-11-22',
  '22.11.2026',
  '192.168.100.200',
  '1 234 567',
  '10.15.7',
  '2024-05',
  '2019-2020',
  '12345-6789',
])('%s alone is no telephone number, though groups of digits alone may be one', (text) => {
  expect(redactor.redact(text).found).toEqual([]);
  expect(redactor.redact('9123 4567').text).toBe('[PHONE]');
});
