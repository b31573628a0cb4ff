import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openScene, type AttackScene } from './attack-scene.ts';
import { fuzz, oneOf } from './fuzz.ts';
import { leaksIn } from './leaks.ts';
import { strangeText } from './strange.ts';
import { allTargets, type Target } from './targets.ts';
import { exchangeBytes, type WireReply } from './wire.ts';

const targets = await allTargets();

let scene: AttackScene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene[Symbol.asyncDispose]());

type Change = (path: string) => string;

/** Whose key goes with a request; undefined: of one who may be there, null: nobody's. */
type Whose = 'caller' | 'finance' | { readonly text: string } | null | undefined;

/** A request as it is written, mostly as it should be. */
interface WireRequest {
  readonly target: Target;
  readonly path: { readonly instead: string | null; readonly changes: readonly Change[] };
  readonly method: string | null;
  readonly version: string;
  readonly lines: readonly string[];
  readonly authorization: Whose;
  /** In the place of the body's length. */
  readonly frame: string | null;
  readonly body: Buffer;
}

/** A path that is one, was one, or looks like one. */
const pathChange: fc.Arbitrary<Change> = fc
  .tuple(
    fc.nat(),
    fc.oneof(
      strangeText.map((text) => encodeURIComponent(text.toWellFormed())),
      strangeText,
      fc.constantFrom(
        '%00',
        '%2e%2e',
        '/../',
        '/./',
        '//',
        '%2f',
        '%',
        '%f',
        '%ff',
        '\\',
        ';a=b',
        '?',
        '?a',
        '#',
        '\t',
        '*',
      ),
      fc.constantFrom(
        '?__proto__=1',
        '?from=%ff&to=%',
        '?by=endpoint&by=model&by',
        '?a'.repeat(1_500),
        '/a'.repeat(4_000),
      ),
    ),
  )
  .map(([at, text]) => (path: string) => {
    const cut = at % (path.length + 1);
    return path.slice(0, cut) + text + path.slice(cut);
  });
/** One time in five; else `null`. */
function seldom<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

/** Targets that are no path of any route. */
const ODD_PATHS = ['/', '*', '', '/[', 'http://[/', 'http://127.0.0.1:1/v1/summarize', '//x/v1/spend', 'x:1'];
const path: fc.Arbitrary<WireRequest['path']> = fc.record({
  instead: seldom(fc.constantFrom(...ODD_PATHS)),
  changes: fc.oneof(
    { weight: 2, arbitrary: fc.constant<Change[]>([]) },
    fc.array(pathChange, { minLength: 1, maxLength: 2 }),
  ),
});

const method = fc.oneof(
  fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'get', 'PRI', ''),
  fc.stringMatching(/^[!-~]{1,12}$/).filter((name) => name.toUpperCase() !== 'CONNECT'),
);

/** Lines as a client would not write them, or not write twice. */
const oddLine = fc.oneof(
  fc.tuple(strangeText, strangeText).map(([name, value]) => `${name}: ${value}`),
  fc.constantFrom(
    'host: a\r\nhost: b',
    'content-type: application/json; charset=utf-16',
    'content-encoding: gzip',
    'content-type: multipart/form-data; boundary=',
    'x-weir-timeout-ms: -1',
    'idempotency-key: a b',
    'cookie: a=b; a=c',
    'range: bytes=0-1,1-2',
    'accept-encoding: gzip;q=0, *',
    'if-none-match: *',
    'upgrade: websocket\r\nconnection: upgrade',
    'upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA',
    'expect: 100-continue',
    'expect: the unexpected',
    'te: trailers',
    'trailer: content-length',
    'max-forwards: 0',
    'x-folded: a\r\n b',
    'no colon at all',
    ': no name',
    'x-null: \0',
    'x-bare: a\rb',
    `x-large: ${'a'.repeat(12_000)}`,
    `x-larger: ${'a'.repeat(20_000)}`,
  ),
);
/** How a body is framed that is not framed well. */
const oddFrame = fc.constantFrom(
  'content-length: 5\r\ncontent-length: 6',
  'content-length: -1',
  'content-length: 1e3',
  'content-length: 99999999999999999999',
  'content-length: 0x10',
  'transfer-encoding: chunked\r\ncontent-length: 4',
  'transfer-encoding: chunked, identity',
  'transfer-encoding: gzip, chunked',
  'transfer-encoding: xchunked',
  'Transfer-Encoding : chunked',
  'transfer-encoding: chunked',
  'content-length: 4000',
);

const authorization: fc.Arbitrary<Whose> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom('caller' as const, 'finance' as const, null) },
  { weight: 1, arbitrary: strangeText.map((text) => ({ text })) },
);

/** Never what an endpoint takes: no UTF-8 behind its beginning, or nothing. */
const body = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from([0xff, ...bytes])),
  fc
    .constantFrom('{"text":"a"', '{', '{"__proto__":1}', '5\r\n{"a":\r\n', '0\r\n\r\nGET /health HTTP/1.1\r\n\r\n')
    .map((text) => Buffer.concat([Buffer.from(text), Buffer.from([0xff])])),
);

const wireRequest: fc.Arbitrary<WireRequest> = fc.record({
  target: oneOf(targets),
  path,
  // As it should be, mostly.
  method: seldom(method),
  version: fc.oneof(
    { weight: 9, arbitrary: fc.constant('HTTP/1.1') },
    fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', ''),
  ),
  lines: fc.oneof(
    { weight: 2, arbitrary: fc.constant<string[]>([]) },
    fc.array(oddLine, { minLength: 1, maxLength: 3 }),
  ),
  authorization,
  frame: seldom(oddFrame),
  body,
});

/** Nothing is odd about it. */
const plain: WireRequest = {
  target: targets.find(({ name }) => name === 'pages/health')!,
  path: { instead: null, changes: [] },
  method: null,
  version: 'HTTP/1.1',
  lines: [],
  authorization: undefined,
  frame: null,
  body: Buffer.alloc(0),
};

const insteadOf = (instead: string): WireRequest => ({ ...plain, path: { instead, changes: [] } });

/** A key that goes with a request; undefined for none. */
function keyOf({ access }: Target, whose: Whose): string | undefined {
  if (whose === null) return undefined;
  if (typeof whose === 'object') return whose.text;
  const role = whose ?? access[0];
  return role && scene.keys[role];
}

/** What the server's own parser says of what is no HTTP, before any of Weir hears of it. */
const isOfTheParser = ({ status, headers, body: text }: WireReply) =>
  [400, 408, 413, 417, 431].includes(status) && headers['x-request-id'] === undefined && text === '';

fuzz('no bytes on the wire are a 5xx, a hang, a leak or a request upstream', {
  share: 0.25,
  given: wireRequest,
  // What a parser of URLs takes for a host, and throws at.
  failedOnce: [insteadOf('//['), insteadOf('//x/v1/spend'), insteadOf('/health?%')],
  async holds(asked) {
    const { target, frame, lines, body: bytes, version } = asked;
    const { instead, changes } = asked.path;
    const verb = asked.method ?? target.method;
    const key = keyOf(target, asked.authorization);
    const head = [
      `${verb} ${changes.reduce((changed, change) => change(changed), instead ?? target.path)} ${version}`,
      'host: x',
      'connection: close',
      ...(key === undefined ? [] : [`authorization: Bearer ${key}`]),
      ...lines,
      frame ?? `content-length: ${bytes.byteLength}`,
    ];
    const sent = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]);
    // Only what has a plain head and a measured body has to be answered; of the rest nobody knows where it ends.
    const isWhole = frame === null && lines.length === 0 && version === 'HTTP/1.1';
    const before = scene.gateway.upstream.requests.length;
    const { raw, replies, rest } = await exchangeBytes(scene.gateway.url, sent, isWhole);
    const where = [sent.toString('latin1').slice(0, 600), raw.slice(0, 600)];
    if (isWhole) expect([...where, replies.length > 0]).toEqual([...where, true]);
    for (const reply of replies) {
      expect([...where, reply.status, reply.status < 500]).toEqual([...where, reply.status, true]);
      if (isOfTheParser(reply) || reply.status === 100) continue;
      expect([...where, reply.headers['x-request-id']]).toEqual([...where, expect.stringMatching(/^[\da-f-]{36}$/)]);
      if (reply.status >= 400 && verb !== 'HEAD') expect(() => JSON.parse(reply.body) as unknown).not.toThrow();
    }
    const told = replies.filter(({ status }) => status >= 400).map((reply) => JSON.stringify(reply));
    expect([...where, leaksIn(told.join('\n'), scene.secrets, sent.toString('latin1'))]).toEqual([...where, []]);
    // A reply to HEAD has a body's length, and no body. Any other ends where it says.
    expect([...where, rest]).toEqual([...where, '']);
    expect(scene.gateway.upstream.requests.length - before).toBe(0);
  },
});

test('and nothing was held, written or kept for a call, and the log is quiet', async () => {
  // An administrator's DELETE may well be whole: what becomes of callers is theirs.
  const ofCalls = (await scene.tables()).filter((line) => !/^(callers|audit) /.test(line));
  expect(ofCalls).toEqual([]);
  await scene.expectQuiet();
});
