import { expect, test } from 'vitest';
import { OF_SCHEDULES, soak } from '#test/bench/streams/soak/soak.ts';

const CLIENTS = 200;
/** Of five seconds to seven; a client opens its next when its last has ended. */
const STREAMS_EACH = 2;
/** Less than the streams' chunks come to, which are kept nowhere. Code that is compiled on the way takes up to half of it. */
const MOST_HEAP_GROWTH_BYTES = 4_000_000;

test('200 streams at a time: none is lost or mixed up, the books agree, and nothing stays behind', async () => {
  const { read, failures, mostOpen, looks, ledger, upstream, asked } = await soak({
    clients: CLIENTS,
    leastEach: STREAMS_EACH,
  });
  // A stream that is read is whole, its text is its own, and its last event has come.
  expect(failures).toEqual([]);
  expect(read.length).toBe(CLIENTS * STREAMS_EACH);
  expect(mostOpen).toBe(CLIENTS);

  expect(ledger.kinds).toEqual({ 'completed exact': asked });
  expect(upstream.requests).toBe(asked);
  expect(ledger.cost).toBe(upstream.billed);

  const { start, end } = looks;
  expect(end.timers).toBeLessThanOrEqual(start.timers);
  expect(end.descriptors - start.descriptors).toBeLessThanOrEqual(OF_SCHEDULES);
  expect(end.processListeners).toBe(start.processListeners);
  expect(end.heapBytes - start.heapBytes).toBeLessThan(MOST_HEAP_GROWTH_BYTES);
}, 180_000);
