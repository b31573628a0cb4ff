import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventFramer } from '#upstream/stream/event-framer.ts';
import { parseEvent, type ServerSentEvent } from '#upstream/stream/sse-event.ts';

/** Everything that a stream cut into these chunks gives, and that nothing of it was lost or doubled. */
function read(chunks: readonly Buffer[]): { blocks: string[]; rest: string; events: ServerSentEvent[] } {
  const framer = new EventFramer();
  const blocks = chunks.flatMap((chunk) => framer.push(chunk));
  expect(Buffer.concat([...blocks, framer.rest()])).toEqual(Buffer.concat(chunks));
  const events = blocks.flatMap((block) => parseEvent(block) ?? []);
  return { blocks: blocks.map((block) => block.toString()), rest: framer.rest().toString(), events };
}

const readText = (...chunks: string[]) => read(chunks.map((chunk) => Buffer.from(chunk)));

/** Cut at these places, which may be the same, or its ends. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places, bytes.length].sort((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

/** The specification, read from a whole stream: slow and plain. */
function specified(bytes: Buffer): ServerSentEvent[] {
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\n|\r/);
  const events: ServerSentEvent[] = [];
  let type = '';
  let data = '';
  // What stands after the last line's end is no line.
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      if (data !== '') events.push({ event: type === '' ? undefined : type, data: data.replace(/\n$/, '') });
      [type, data] = ['', ''];
      continue;
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') type = value;
    if (field === 'data') data += `${value}\n`;
  }
  return events;
}

const SMALL_STREAMS = [
  'data: a\n\ndata: b\n\n',
  'data: a\r\n\r\ndata: b\r\n\r\n',
  'data: a\r\rdata: b\r\r',
  'event: x\r\ndata: é😀\n\r\n: c\r\r\n\ndata\n\r',
  '\uFEFFdata: a\n\n\uFEFFdata: b\n\ndata: \uFEFFc\n\n',
  '\uFEFF\n\r\n\r\r\ndata: a\r\n\n',
  'data: a\n\ndata: never ended',
];

test('a block is the bytes of one event with its blank line, whatever ends its lines', () => {
  const { blocks, rest } = readText('data: a\n\nevent: b\r\ndata: c\r\n\r\n: d\r\r\n\ndata: e\r\n\rdata: f\n');
  expect(blocks).toEqual(['data: a\n\n', 'event: b\r\ndata: c\r\n\r\n', ': d\r\r\n', '\n', 'data: e\r\n\r']);
  expect(rest).toBe('data: f\n');
});

test('an event does not wait for the byte after the CR that ends it; a late LF makes no event of its own', () => {
  const framer = new EventFramer();
  const texts = (chunk: string) => framer.push(Buffer.from(chunk)).map(String);
  expect(texts('data: a\r\n\r')).toEqual(['data: a\r\n\r']);
  expect(texts('\n')).toEqual([]);
  expect(texts('data: b\r\r')).toEqual(['\ndata: b\r\r']);
  expect(texts('\r')).toEqual(['\r']);
  expect(texts('\ndata: c\n\n')).toEqual(['\ndata: c\n\n']);
  expect(framer.rest()).toHaveLength(0);
});

test('a byte order mark is a block by itself, at the beginning of the stream only', () => {
  expect(readText('\uFEFFdata: a\n\n\uFEFFdata: b\n\n').blocks).toEqual(['\uFEFF', 'data: a\n\n', '\uFEFFdata: b\n\n']);
  expect(read([Buffer.of(0xef), Buffer.of(0xbb), Buffer.of(0xbf, 10)]).blocks).toEqual(['\uFEFF', '\n']);
  const half = Buffer.of(0xef, 0xbb);
  expect(read([half]).blocks).toEqual([]);
  expect(read([half, Buffer.from('\n\n')]).blocks).toHaveLength(1);
});

test('a block that came in one chunk is a view of it', () => {
  const chunk = Buffer.from('data: a\n\ndata: b\n\n');
  const blocks = new EventFramer().push(chunk);
  expect(blocks).toHaveLength(2);
  chunk.fill('x');
  expect(String(blocks[1])).toBe('x'.repeat(9));
});

test('S2 characters of several bytes are whole wherever the stream is cut, once and byte by byte', () => {
  const bytes = Buffer.from('event: ß\ndata: é€😀\u{10FFFF}\n\ndata: 漢字\n\n');
  const events = [
    { event: 'ß', data: 'é€😀\u{10FFFF}' },
    { event: undefined, data: '漢字' },
  ];
  for (let place = 0; place <= bytes.length; place++) expect(read(cut(bytes, [place])).events).toEqual(events);
  expect(read(Array.from(bytes, (byte) => Buffer.of(byte))).events).toEqual(events);
});

test.each(SMALL_STREAMS)('S2 every two cuts of %j give the same events', (text) => {
  const bytes = Buffer.from(text);
  const events = specified(bytes);
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      expect(read(cut(bytes, [first, second])).events).toEqual(events);
    }
  }
});

const lineEnd = fc.constantFrom('\n', '\r', '\r\n');
const line = fc.oneof(
  fc.constantFrom(
    '',
    'data',
    'data:',
    'data: ',
    'data:  x',
    'event:',
    'event: e',
    'id: 1',
    ': c',
    'datas: x',
    ' data: x',
  ),
  fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => `data: ${text}`),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const stream = fc
  .tuple(fc.constantFrom('', '\uFEFF'), fc.array(fc.tuple(line, lineEnd, fc.constantFrom('', '\n', '\r', '\r\n'))))
  .map(([mark, lines]) => Buffer.from(mark + lines.flat().join('')));
const places = fc.array(fc.nat(), { maxLength: 12 });

test('S2 any stream cut anyhow gives the events that the specification says, and its own bytes', () => {
  const bytes = fc.oneof(
    stream,
    fc.uint8Array({ maxLength: 60 }).map((raw) => Buffer.from(raw)),
    fc.array(fc.constantFrom(0xef, 0xbb, 0xbf, 10, 13, 58, 100), { maxLength: 12 }).map((raw) => Buffer.from(raw)),
  );
  fc.assert(
    fc.property(bytes, places, (whole, at) => {
      const events = specified(whole);
      expect(read([whole]).events).toEqual(events);
      expect(
        read(
          cut(
            whole,
            at.map((place) => place % (whole.length + 1)),
          ),
        ).events,
      ).toEqual(events);
    }),
    { numRuns: 3_000 },
  );
});

test('an event of a megabyte that comes byte by byte is one block', () => {
  const bytes = Buffer.from(`data: ${'x'.repeat(1_000_000)}\n\ndata: y\n\n`);
  const framer = new EventFramer();
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at++) blocks.push(...framer.push(bytes.subarray(at, at + 1)));
  expect(blocks.map((block) => block.length)).toEqual([1_000_008, 9]);
  expect(Buffer.concat(blocks).equals(bytes)).toBe(true);
});

test('an event longer than the limit is an error that names both, before its end has come', () => {
  const message = 'a server-sent event must be at most 1,000 bytes long, but 1,001 bytes were received';
  const limited = () => new EventFramer({ maxBlockBytes: 1_000 });
  const longest = Buffer.from(`data: ${'x'.repeat(992)}\n\n`);
  expect(limited().push(longest)).toHaveLength(1);
  expect(limited().push(Buffer.concat([longest, longest]))).toHaveLength(2);
  expect(() => limited().push(Buffer.concat([Buffer.from('d'), longest]))).toThrow(new RangeError(message));
  const framer = limited();
  framer.push(Buffer.alloc(1_000, 'x'));
  expect(() => framer.push(Buffer.from('x'))).toThrow(new RangeError(message));
  const ending = limited();
  ending.push(Buffer.alloc(999, 'x'));
  expect(() => ending.push(Buffer.from('\n\n'))).toThrow(new RangeError(message));
  expect(() => new EventFramer().push(Buffer.alloc(16_000_001, 'x'))).toThrow(RangeError);
});
