import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';
import { respelled, type Spelling } from './respelled.ts';
import { hear, WAYS } from './ways.ts';

/** Emoji joined by zero-width joiners, combining marks, CJK, right to left, and what JSON must escape. */
const CHUNKS = ['A weir 👩‍👩‍👧 holds,\n', 'e\u0301 ñ ', '堰は低い壁。', ' שלום "quoted" \\ \u0007', '🏞️.'];
const TEXT = CHUNKS.join('');

const SPELLINGS: [string, Spelling][] = [
  ['LF', {}],
  ['CR', { lineEnd: '\r' }],
  ['CRLF', { lineEnd: '\r\n' }],
  ['LF, a byte at a time', { chunkBytes: 1 }],
  ['CR, a byte at a time', { lineEnd: '\r', chunkBytes: 1 }],
  ['CRLF, a byte at a time', { lineEnd: '\r\n', chunkBytes: 1 }],
  ['CRLF, two bytes at a time', { lineEnd: '\r\n', chunkBytes: 2 }],
  ['CRLF, three bytes at a time', { lineEnd: '\r\n', chunkBytes: 3 }],
  ['comments between', { comment: 'OPENROUTER PROCESSING' }],
  ['comments between, CRLF, seven bytes at a time', { comment: 'still here', lineEnd: '\r\n', chunkBytes: 7 }],
  ['comments in the events', { inner: 'still here' }],
  ['comments in the events, CRLF, a byte at a time', { inner: 'still here', lineEnd: '\r\n', chunkBytes: 1 }],
  ['a byte order mark', { mark: true }],
  ['a byte order mark, a byte at a time', { mark: true, chunkBytes: 1 }],
];

for (const way of WAYS) {
  test.each(SPELLINGS)(`S1, S2 ${way.entry}: the same words, whatever the spelling: %s`, async (_, spelling) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(respelled(stream({ chunks: CHUNKS }), spelling));
    const reply = await weir.stream(way.entry, { ...way.body, stream: true });
    const heard = await hear(reply);
    expect([reply.status, heard.error, heard.isWhole, heard.text]).toEqual([200, undefined, true, TEXT]);
    expect(await reply.settled).toBeUndefined();
    const [entry, ...others] = await weir.ledger();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ outcome: 'completed', basis: 'exact' });
    await expectBooksToAgree(weir, upstream, way.entry);
  });
}
