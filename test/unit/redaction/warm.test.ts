import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createRedactor } from '#redaction/redactor.ts';
import { exampleOf } from '#redaction/example.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  for (let round = 0; round < 3; round += 1) collect();
  return process.memoryUsage().heapUsed;
}

test('D10 10,000 warm redactions leave the heap as it was', () => {
  const redactor = createRedactor();
  const redact = (count: number) => {
    for (let index = 0; index < count; index += 1) {
      redactor.redact(
        `call ${index}: the password is ${exampleOf('{w6}!{w4}', index + 1)}, sent to ada${index}@example.org`,
      );
    }
  };
  redact(2_000);
  const before = heapBytes();
  redact(10_000);
  expect(heapBytes() - before).toBeLessThan(500_000);
});
