import { expect, test } from 'vitest';
import { redactLine } from '#edge/redact-line.ts';
import { createLog } from '#platform/log.ts';
import { testKey } from '#test/support/test-key.ts';

const nowMs = () => Date.UTC(2026, 10, 22, 12);

/** A log, and what it wrote. */
function logging(redact: (text: string) => string = (text) => text) {
  const lines: string[] = [];
  const log = createLog({ redact, write: (line) => void lines.push(line), nowMs, fields: { function: 'f' } });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('a line is JSON: level, time, message, the fields of all lines, and its own', () => {
  const { log, parsed } = logging();
  log.info('a', { n: 1 });
  log.warn('b');
  log.error('c', { function: 'own' });
  expect(parsed()).toEqual([
    { level: 'INFO', time: '2026-11-22T12:00:00.000Z', message: 'a', function: 'f', n: 1 },
    { level: 'WARN', time: '2026-11-22T12:00:00.000Z', message: 'b', function: 'f' },
    { level: 'ERROR', time: '2026-11-22T12:00:00.000Z', message: 'c', function: 'own' },
  ]);
});

test('D8 a redactor that throws drops the line, says so, and writes nothing of it', () => {
  const { log, lines, parsed } = logging(() => {
    throw new Error('broken');
  });
  log.error('the raw message', { prompt: 'the raw prompt' });
  expect(parsed()).toEqual([
    { level: 'ERROR', time: '2026-11-22T12:00:00.000Z', message: 'a log line was dropped: it could not be redacted' },
  ]);
  expect(lines.join('')).not.toContain('raw');
});

test('what JSON cannot hold drops the line too, and never throws', () => {
  const { log, parsed } = logging();
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  log.info('a', { circle });
  log.info('b', {
    toJSON: () => {
      throw new Error('no');
    },
  });
  expect(parsed().map(({ message }) => message)).toEqual(
    Array(2).fill('a log line was dropped: it could not be redacted'),
  );
});

test('amounts of money are written as they are', () => {
  const { log, parsed } = logging();
  log.info('a', { costPico: 123_456_789_012_345_678_901n });
  expect(parsed()[0]).toMatchObject({ costPico: '123456789012345678901' });
});

test('of an error its name, message and code are written, never its stack or its cause', () => {
  const { log, lines, parsed } = logging();
  const error = Object.assign(new TypeError('it broke', { cause: 'the cause' }), { code: 'E_BROKE', body: 'the body' });
  log.error('a', { error });
  expect(parsed()[0]).toMatchObject({ error: { name: 'TypeError', message: 'it broke', code: 'E_BROKE' } });
  expect(lines[0]).not.toMatch(/the cause|the body|log\.test/);
});

test('D1 a secret is masked in a value, a name, an error’s message, deep inside, and behind an escape of JSON', () => {
  const key = testKey('log');
  const { log, lines } = logging(redactLine);
  for (const around of ['', 'line\n', '\t', '"', '\\', '\r\n', '\u0007']) {
    const text = around + key;
    log.info(text, { value: text, [`n ${key}`]: 1, error: new Error(text), deep: { list: [text] } });
  }
  expect(lines.join('')).not.toContain(key.slice(0, 12));
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
});
