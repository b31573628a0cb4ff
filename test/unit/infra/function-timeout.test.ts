import { expect, test } from 'vitest';
import type { EntrySpec } from '#edge/specs.ts';
import { functionTimeoutSeconds, longestCallMs } from '#infra/function-timeout.ts';

function endpoint(timeoutMs: number, streamMs?: number): EntrySpec {
  const stream = streamMs === undefined ? {} : { stream: { timeoutMs: streamMs } };
  return { kind: 'endpoint', limits: { timeoutMs, maxOutputTokens: 16 }, ...stream } as unknown as EntrySpec;
}

test.each<[string, EntrySpec, number, number]>([
  ['a buffered endpoint, as long as a call', endpoint(25_000), 25_000, 28],
  ['one whose streams are longer, as long as those', endpoint(25_000, 120_000), 120_000, 123],
  ['one whose plain calls are longer, as long as those', endpoint(25_000, 20_000), 25_000, 28],
  ['the longest stream, and Lambda still takes it', endpoint(290_000, 870_000), 870_000, 873],
  ['a route, by its own limit', { kind: 'route', timeoutMs: 10_000 } as unknown as EntrySpec, 10_000, 13],
])('a function lives as long as its longest call, and some seconds more: %s', (_what, spec, longestMs, seconds) => {
  expect([longestCallMs(spec), functionTimeoutSeconds(spec)]).toEqual([longestMs, seconds]);
});
