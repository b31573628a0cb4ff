import { expect, test } from 'vitest';
import { parseEvent } from '#upstream/stream/sse-event.ts';

const parse = (text: string) => parseEvent(Buffer.from(text));

test('an event is its name and its data, in any order and with any line ends', () => {
  expect(parse('data: {"a":1}\n\n')).toEqual({ event: undefined, data: '{"a":1}' });
  expect(parse('event: x\ndata: y\n\n')).toEqual({ event: 'x', data: 'y' });
  expect(parse('data: y\r\nevent: x\r\n\r\n')).toEqual({ event: 'x', data: 'y' });
  expect(parse('data: y\revent: x\r\r')).toEqual({ event: 'x', data: 'y' });
});

test('lines of data are joined by LF; one leading space of a value is dropped, no more', () => {
  expect(parse('data: a\ndata:b\ndata\ndata:  c\n\n')?.data).toBe('a\nb\n\n c');
  expect(parse('data:\n\n')?.data).toBe('');
  expect(parse('data: a: b\n\n')?.data).toBe('a: b');
});

test('of several names the last one counts; an empty name is none', () => {
  expect(parse('event: x\nevent: y\ndata\n\n')?.event).toBe('y');
  expect(parse('event: x\nevent\ndata\n\n')?.event).toBeUndefined();
});

test('what has no data is no event', () => {
  for (const text of ['\n', '\r\n', ': open\n\n', 'event: x\n\n', 'id: 1\nretry: 2\n\n', '\uFEFF', '']) {
    expect(parse(text)).toBeUndefined();
  }
});

test('ids, times to reconnect and fields that nobody knows change nothing', () => {
  expect(parse('id: 1\nretry: 5\ndatax: 1\n data: 2\ndata : 3\neventual: 4\n: data: 5\ndata: 6\n\n')).toEqual({
    event: undefined,
    data: '6',
  });
});

test('a late LF before the first line changes nothing', () => {
  expect(parse('\nevent: x\ndata: y\n\n')).toEqual({ event: 'x', data: 'y' });
});
