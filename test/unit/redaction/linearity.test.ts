import { expect, test } from 'vitest';
import { allDetectors } from '#redaction/detectors.ts';
import { createScanner } from '#redaction/scanner.ts';
import { adversaries } from '#test/bench/redaction/adversaries.ts';
import { adversaryMs } from '#test/bench/redaction/throughput.ts';

const detectors = allDetectors();

const scan = createScanner(detectors);

// Compiled before they are measured.
for (const unit of adversaries(detectors)) adversaryMs(scan, unit, 2_000);

test.each([
  ['1-1-1-…', '1-'],
  ['1.1.1.…', '1.'],
  ['a_a_…', 'a_'],
  ['base64', 'QUJDREVGR0g'],
  ['digits', '0123456789'],
  ['a name and its sign', 'password='],
  ['two secrets glued', 'eyJeyJ'],
  ['armour', '-----BEGIN '],
  ['sk-', 'sk-'],
  ['half a key, again and again', `sk-${'a'.repeat(15)} `],
  ['user names', '://a:'],
  ['Bearer', 'Bearer '],
])('D7 100 KB of %s take less than 250 ms, and a megabyte in proportion', (_what, unit) => {
  const shortMs = adversaryMs(scan, unit, 100_000);
  expect(shortMs).toBeLessThan(250);
  // Ten times the text in less than thirty times the time: quadratic would be a hundred.
  expect(adversaryMs(scan, unit, 1_000_000)).toBeLessThan(30 * Math.max(shortMs, 10));
});

test('D7 nor does any detector get slow on its own example, whole or cut, again and again', () => {
  const slow = adversaries(detectors).filter((unit) => adversaryMs(scan, unit, 30_000) > 250);
  expect(slow).toEqual([]);
});
