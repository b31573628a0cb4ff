import { expect, test } from 'vitest';
import { corpus } from '#test/support/corpus.ts';
import { EventFramer } from '#upstream/stream/event-framer.ts';
import { parseEvent, type ServerSentEvent } from '#upstream/stream/sse-event.ts';

interface SseRecord {
  readonly source: string;
  readonly name: string;
  readonly chunks_b64: readonly string[];
  /** `message` is the name of events that have none. */
  readonly expect: readonly { readonly data: string; readonly type?: string }[];
}

const records = corpus<SseRecord>('sse-streams');

/**
 * Streams whose expectation is what eventsource-parser makes of them, and not what the specification says. Both begin with
 * U+00EF U+00BB U+00BF: a byte order mark that was encoded twice, and so is none. To the specification it is the beginning of
 * a field's name that nobody knows, and the event has no data.
 */
const BY_THE_SPECIFICATION: Readonly<Record<string, readonly ServerSentEvent[]>> = {
  getLeadingBomFixtureStream: [
    { event: undefined, data: 'bomless 2' },
    { event: 'done', data: '✔' },
  ],
  getMultiBomFixtureStream: [
    { event: undefined, data: 'bomless 3' },
    { event: 'done', data: '✔' },
  ],
};

function expected(record: SseRecord): readonly ServerSentEvent[] {
  const events = record.expect.map(({ data, type }) => ({ event: type === 'message' ? undefined : type, data }));
  return BY_THE_SPECIFICATION[record.name] ?? events;
}

function eventsOf(chunks: readonly Buffer[]): ServerSentEvent[] {
  const framer = new EventFramer();
  return chunks.flatMap((chunk) => framer.push(chunk)).flatMap((block) => parseEvent(block) ?? []);
}

const chunksOf = (record: SseRecord) => record.chunks_b64.map((chunk) => Buffer.from(chunk, 'base64'));

test('S1 the corpus is whole, and the streams that are read otherwise than it says are in it', () => {
  expect(records).toHaveLength(104);
  const differing = Object.keys(BY_THE_SPECIFICATION);
  const named = records.filter(({ name }) => differing.includes(name));
  expect(named.map(({ source }) => source.split('@')[0])).toEqual(differing.map(() => 'eventsource-parser'));
});

test.each(records)('S1 $source $name: in its own chunks', (record) => {
  expect(eventsOf(chunksOf(record))).toEqual(expected(record));
});

test.each(records)('S1 $source $name: in one chunk, and byte by byte', (record) => {
  const whole = Buffer.concat(chunksOf(record));
  expect(eventsOf([whole])).toEqual(expected(record));
  expect(eventsOf(Array.from(whole, (byte) => Buffer.of(byte)))).toEqual(expected(record));
});
