import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ErrorForm } from '#edge/specs.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { corpus } from '#test/support/corpus.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { refusalOf } from '#test/support/told-refusal.ts';

interface JsonCase {
  readonly name: string;
  readonly expect: 'accept' | 'reject' | 'either' | 'transform';
  readonly bytes_b64: string;
}

const cases = corpus<JsonCase>('json-test-suite');
let gateway: LocalGateway;
let endpoints: { path: string; form: ErrorForm }[];

beforeAll(async () => {
  gateway = await startLocalGateway();
  endpoints = routedEntries(gateway.weir.entries).flatMap((entry) =>
    entry.spec.kind === 'endpoint' ? { path: pathOf(entry), form: entry.spec.errors } : [],
  );
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** What each case got from each endpoint, where it is not what it should be. */
async function misjudged(wanted: JsonCase['expect'], isRight: (status: number) => boolean): Promise<string[]> {
  const wrong: string[] = [];
  for (const { path, form } of endpoints) {
    for (const { name, bytes_b64 } of cases.filter((one) => one.expect === wanted)) {
      const reply = await gateway.send({ path, body: Buffer.from(bytes_b64, 'base64') });
      if (isRight(reply.status)) refusalOf(form, reply);
      else wrong.push(`${path} ${name}: ${reply.status}`);
    }
  }
  return wrong;
}

const isRefused = (status: number) => status >= 400 && status < 500;

test('I3 the 188 bodies that are no JSON are a 4xx at every endpoint', async () => {
  expect(cases.filter((one) => one.expect === 'reject')).toHaveLength(188);
  expect(await misjudged('reject', isRefused)).toEqual([]);
});

test('I3 the 95 bodies that are JSON are no endpoint’s input: refused with 400 and never a 500', async () => {
  expect(cases.filter((one) => one.expect === 'accept')).toHaveLength(95);
  expect(await misjudged('accept', (status) => status === 400)).toEqual([]);
});

test('I3 bodies on which parsers differ, or that lose something, are a 4xx too', async () => {
  expect(await misjudged('either', isRefused)).toEqual([]);
  expect(await misjudged('transform', isRefused)).toEqual([]);
});

test('I3 bytes that are no UTF-8 are refused wherever they stand, even in a text that would be fine', async () => {
  const around = (bytes: readonly number[]) =>
    Buffer.concat([Buffer.from('{"text":"abc'), Buffer.from(bytes), Buffer.from('def"}')]);
  // A lone continuation byte, a cut sequence, an overlong '/', a surrogate, a byte that no UTF-8 has, past U+10FFFF.
  const invalid = [[0x80], [0xe2, 0x82], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xff], [0xf4, 0x90, 0x80, 0x80]];
  for (const bytes of invalid) {
    for (const { path, form } of endpoints) {
      const { status, message } = refusalOf(form, await gateway.send({ path, body: around(bytes) }));
      expect([path, status, message]).toEqual([path, 422, 'the body is not valid UTF-8']);
    }
  }
});

test('what was refused reached no upstream and left no ledger entry', async () => {
  expect(gateway.upstream.requests).toEqual([]);
  expect(await gateway.ledger()).toEqual([]);
});
