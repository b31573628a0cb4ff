import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imageUrlFault, publicUrlFault } from '#edge/image-url.ts';

const SEED = 20_261_122;

/** One IPv4 address in the spellings that resolvers and parsers take for it. */
function spellings(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const whole = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (value: number) => value.toString(16);
  const octal = (value: number) => `0${value.toString(8)}`;
  const pair = `${hex(a * 256 + b)}:${hex(c * 256 + d)}`;
  return [
    address,
    `${address}.`,
    `${address}:443`,
    `user@${address}`,
    `user:word@${address}`,
    `example.com@${address}`,
    String(whole),
    `0x${hex(whole)}`,
    octal(whole),
    [a, b, c, d].map((part) => `0x${hex(part)}`).join('.'),
    [a, b, c, d].map(octal).join('.'),
    `${a}.${b * 65_536 + c * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    address.replaceAll(/\d/g, (digit) => `%3${digit}`),
    address.replaceAll('.', '。'),
    address.replaceAll(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    `[::ffff:${address}]`,
    `[::ffff:${pair}]`,
    `[0:0:0:0:0:ffff:${pair}]`,
    `[::${address}]`,
    `[64:ff9b::${pair}]`,
    `[2002:${pair}::1]`,
  ];
}

const INWARD = ['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'];

describe.each(INWARD)('I2 %s', (address) => {
  test.each(spellings(address))('is refused as %s', (host) => {
    expect(imageUrlFault(`https://${host}/a.png`)).toMatch(/^must /);
    expect(imageUrlFault(`HTTPS://${host}`)).toMatch(/^must /);
    expect(publicUrlFault(`https://${host}?a=https://example.com`)).toMatch(/^must /);
  });
});

test.each([
  'https://localhost/',
  'https://LOCALHOST./',
  'https://a.localhost/',
  'https://metadata.google.internal/computeMetadata/v1/',
  'https://metadata/',
  'https://printer.local/',
  'https://router.home.arpa/',
  'https://[::1]/',
  'https://[::]/',
  'https://[fe80::1]/',
  'https://[fd00:ec2::254]/',
  'https://[ff02::1]/',
  'https://[2001:db8::1]/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://198.18.0.1/',
])('I2 %s leads inwards', (url) => {
  expect(imageUrlFault(url)).toBe('must lead to a public host');
});

test.each([
  'http://example.com/a.png',
  'ftp://example.com/a.png',
  'file:///etc/passwd',
  'gopher://example.com',
  '//example.com/a.png',
  'https:example.com/a.png',
  'https:/example.com/a.png',
  'https:\\\\example.com/a.png',
  'example.com/a.png',
  'https://',
  'https://[::1',
  '',
  ' https://example.com/a.png',
])('I2 %j is no address that begins with https://', (url) => {
  expect(imageUrlFault(url)).toBe('must be an address that begins with https://');
});

test.each([
  'https://example.com\\@127.0.0.1/',
  'https://exam\tple.com/',
  'https://exam\nple.com/',
  'https://user@example.com/',
  'https://exämple.com/',
])('a host on which parsers disagree is refused: %j', (url) => {
  expect(imageUrlFault(url)).toMatch(/^must name its host plainly/);
});

test.each([
  'https://example.com/a.png',
  'https://EXAMPLE.com:8443/a%20b.png?size=1&u=http://127.0.0.1/#x@y',
  'https://xn--exmple-cua.com/ä.png',
  'https://8.8.8.8/a.png',
  'https://[2606:4700::1111]/a.png',
  'https://10.example.com/',
  'https://localhost.example.com/',
])('a public address passes: %s', (url) => {
  expect([imageUrlFault(url), publicUrlFault(url)]).toEqual([undefined, undefined]);
});

test.each(['010.0.0.1', '134744072', '0x08.8.8.8', '8.8.2056', '８.8.8.8', '8.8.8.8.'])(
  'a public address that is not four plain decimals is refused, for others may read another one: %s',
  (host) => {
    expect(imageUrlFault(`https://${host}/`)).toMatch(/^must /);
  },
);

test('data passes where it is a picture’s, and never where an address is needed', () => {
  for (const url of [
    'data:image/png;base64,AAAA',
    'DATA:image/JPEG;base64,',
    'data:image/svg+xml;charset=utf-8,<svg/>',
  ]) {
    expect(imageUrlFault(url)).toBeUndefined();
    expect(publicUrlFault(url)).toMatch(/^must be an address/);
  }
  for (const url of [
    'data:text/html,a',
    'data:,a',
    'data:application/pdf;base64,A',
    'data:image/png',
    'data: image/png,',
  ]) {
    expect(imageUrlFault(url)).toMatch(/^must be the data of a picture/);
  }
});

test('whatever is given, the answer is a rule or nothing, and a megabyte is read at once', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.string().map((text) => `https://${text}`),
      ),
      (url) => {
        expect(imageUrlFault(url) ?? 'must').toMatch(/^must/);
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
  expect(imageUrlFault(`data:image/png;base64,${'A'.repeat(1_000_000)}`)).toBeUndefined();
  expect(imageUrlFault(`data:image/png${';a=b'.repeat(250_000)}`)).toMatch(/^must/);
});

test('any address within a private network is refused, however it is written', () => {
  const byte = fc.nat(255);
  const address = fc.oneof(
    fc.tuple(fc.constantFrom(10, 127, 0), byte, byte, byte),
    fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
    fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
    fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  );
  fc.assert(
    fc.property(address, (parts) => {
      for (const host of spellings(parts.join('.'))) expect(imageUrlFault(`https://${host}/`)).toMatch(/^must /);
    }),
    { seed: SEED, numRuns: 300 },
  );
});
