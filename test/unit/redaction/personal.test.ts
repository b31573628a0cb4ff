import { expect, test } from 'vitest';
import { personalDetectors } from '#redaction/detectors/personal/all.ts';
import { createRedactor } from '#redaction/redactor.ts';
import { seededRandom } from '#test/support/seeded-random.ts';

const redactor = createRedactor(personalDetectors);

/** The kinds found in a text, and the text without what was found. */
function found(text: string): string[] {
  return redactor.redact(text).found.map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);
}

test.each([
  ['EMAIL', 'alice@mail.example'],
  ['EMAIL', "bob.o'neil+invoices@post.example.co.uk"],
  ['EMAIL', '"ada lovelace"@example.org'],
  ['EMAIL', 'root@[198.51.100.7]'],
  ['EMAIL', 'jörg@müller.example'],
  ['EMAIL', 'иван@почта.рф'],
  ['EMAIL', '用户@例子.公司'],
  ['CARD', '4111111111111111'],
  ['CARD', '5555-5555-5555-4444'],
  ['CARD', '3782 822463 10005'],
  ['IBAN', 'GB82 WEST 1234 5698 7654 32'],
  ['IBAN', 'de89370400440532013000'],
  ['IBAN', 'NO93 8601 1117 947'],
  ['SSN', '219-09-9998'],
  ['SSN', '219 09 9998'],
  ['IP_ADDRESS', '81.2.69.142'],
  ['IP_ADDRESS', '2001:db8::8a2e:370:7334'],
  ['IP_ADDRESS', 'fe80::1ff:fe23:4567:890a'],
  ['IP_ADDRESS', '2a02:6b8:bf00:0:a12:33ff:fe44:5566'],
  ['MAC_ADDRESS', '3c:22:fb:9a:41:d7'],
  ['MAC_ADDRESS', '3C-22-FB-9A-41-D7'],
  ['MAC_ADDRESS', '3c22.fb9a.41d7'],
  ['NATIONAL_ID', 'AB 12 34 56 C'],
  ['NATIONAL_ID', '12345678Z'],
  ['NATIONAL_ID', 'X1234567L'],
  ['NATIONAL_ID', 'RSSMRA85T10A562S'],
  ['NATIONAL_ID', '1 84 12 76 451 089 46'],
  ['NATIONAL_ID', '529.982.247-25'],
  ['NATIONAL_ID', '2341 2341 2346'],
  ['NATIONAL_ID', 'AFZPK7190K'],
  ['NATIONAL_ID', 'S1234567D'],
  ['NATIONAL_ID', '131052-308T'],
  ['NATIONAL_ID', '811228-9874'],
  ['NATIONAL_ID', '070761-4285'],
  ['NATIONAL_ID', '860824-1655068'],
  ['NATIONAL_ID', '756.9217.0769.85'],
  ['NATIONAL_ID', '85.07.30-033.28'],
  ['NATIONAL_ID', 'HEGG560427MVZRRL04'],
  ['NATIONAL_ID', '130 692 544'],
  ['WALLET', '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2'],
  ['WALLET', 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'],
  ['WALLET', '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'],
])('D3 %s %s is found in a sentence, in brackets, in JSON and at the end, and nothing beside it', (kind, value) => {
  const places = [`It is ${value} now.`, `Ask (${value}), please`, `{"at":['${value}']}`, `x=1; y: ${value}`];
  for (const text of places) expect(found(text)).toEqual([`${kind} ${value}`]);
});

test.each([
  ['a card whose Luhn digit is wrong', '4111 1111 1111 1112', 'CARD'],
  ['a card of no issuer', '9111 1111 1111 1111', 'CARD'],
  ['an IBAN whose check digits are wrong', 'GB83 WEST 1234 5698 7654 32', 'IBAN'],
  ['an IBAN that is too long for its country', 'NO93 8601 1117 9471', 'IBAN'],
  ['a card of nothing but zeros', 'card 0000 0000 0000 0000', 'CARD'],
  ['an IBAN within a longer code', 'XGB82WEST12345698765432', 'IBAN'],
  ['an SSN of area 666', '666-09-9998', 'SSN'],
  ['an SSN of group 00', '219-00-9998', 'SSN'],
  ['an IP address above 255', '81.2.69.256', 'IP_ADDRESS'],
  ['a loopback address', '127.0.0.1', 'IP_ADDRESS'],
  ['a network', '10.0.0.0/8', 'IP_ADDRESS'],
  ['a version of four parts', 'version 1.2.3.4', 'IP_ADDRESS'],
  ['two `::` in one address', '2001:db8::1::2', 'IP_ADDRESS'],
  ['a `::` for no group at all', '2001:db8:1:2:3:4:5::6', 'IP_ADDRESS'],
  ['the loopback, written out', '0:0:0:0:0:0:0:1', 'IP_ADDRESS'],
  ['everybody’s MAC address', 'ff:ff:ff:ff:ff:ff', 'MAC_ADDRESS'],
  ['a DNI with another letter', '12345678A', 'NATIONAL_ID'],
  ['a CPF with another check digit', '529.982.247-26', 'NATIONAL_ID'],
  ['an Aadhaar with another check digit', '2341 2341 2347', 'NATIONAL_ID'],
  ['an NRIC with another letter', 'S1234567A', 'NATIONAL_ID'],
  ['a personnummer with another check digit', '811228-9875', 'NATIONAL_ID'],
  ['a SIN with another check digit', '130 692 545', 'NATIONAL_ID'],
  ['an AHV number with another check digit', '756.9217.0769.86', 'NATIONAL_ID'],
  ['a NIR with another key', '1 84 12 76 451 089 47', 'NATIONAL_ID'],
  ['a HETU with another sign', '131052-308U', 'NATIONAL_ID'],
  ['a Belgian number with another key', '85.07.30-033.29', 'NATIONAL_ID'],
  ['a Bitcoin address with another letter', '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3', 'WALLET'],
  ['a retina picture', 'icon@2x.png', 'EMAIL'],
  ['a scoped package', '@scope/package@1.2.3', 'EMAIL'],
  ['a repository', 'git@github.com:org/repo.git', 'EMAIL'],
])('%s is not taken for one', (_what, text, kind) => {
  expect(found(text).filter((line) => line.startsWith(`${kind} `))).toEqual([]);
});

test.each([
  ['SSN', 'my SSN is 219099998', '219099998'],
  ['SSN', '"ssn": "219099998"', '219099998'],
  ['PASSPORT', 'passport no. X48291763, issued', 'X48291763'],
  ['DRIVER_LICENSE', "my driver's license number is F162823540116", 'F162823540116'],
  ['NATIONAL_ID', 'PESEL: 44051401359', '44051401359'],
  ['NATIONAL_ID', 'BSN 111222333', '111222333'],
  ['CARD', 'my card 630427373398 is lost', '630427373398'],
])('%s: a word before bare digits tells what they are (%s)', (kind, text, value) => {
  expect(found(text)).toEqual([`${kind} ${value}`]);
  expect(found(`order ${value} was sent`)).toEqual([]);
});

test.each([
  'node 24.21.0, npm 11.6.2; Chrome/120.0.6099.109; version 10.0.19045.3803 of Windows',
  'call me on 2026-11-22; on 08-12-2020 10 people came; released on 2026-11-22 at 10:20:30, not on 22.11.2026 or 11/22/2026; 2026-11-22T10:20:30.123+01:00',
  'ISBN 978-3-16-148410-0 and 3-16-148410-0; doi 10.1038/nature14539; Nature 521, 436-444 (2015)',
  'da39a3ee5e6b4b0d3255bfef95601890afd80709 550e8400-e29b-41d4-a716-446655440000 0xdeadbeefcafe1234 #ff8800',
  '51.5074, -0.1278 and 40.712776, -74.005974; 3.141592653589793',
  '$1,299.00 or 1.299,00 EUR or 1 299 000 kr; 99.999%; 10,000,000 requests',
  'order 10029384756 was shipped, id 5551234567; SKU 4006381333931; arn:aws:iam::123456789012:role/x',
  '1 + 2 - 3 * 4; 100-200-300; x = 1234567890 - 987654321; [1234567, 2345678, 3456789]',
  '1700000000000, 1700000000, 20261122103000; "call_at": 1700000000; "calls": 1234567',
  'rgb(255, 128, 64); f(12) 345; pages 100-2000; ports 8080-8081; line 123:45; 1920x1080 at 60 Hz',
  'call the function 12 times; phone screen 1080p; mobile 5G 2024; function calling\n- 284353f: fix',
  '00 01 02 03 04 05 06 07 08 09 0a 0b; 0 1 2 3 4 5 6 7 8 9 10 11; 12:34:56:78',
  'std::vector a::b Foo::Bar ::before ::1; UTC+01:00 GMT+0530; CVE-2024-12345 RFC 2616 ISO 27001:2022',
  'zip 90210-1234; SSN 000-12-3456; gpt-4o-2024-08-06; chatcmpl-123456789',
])('D4 numbers that are nobody’s stay: %s', (text) => {
  expect(found(text)).toEqual([]);
});

test('of a hundred thousand random UUIDs none is masked, for ids of requests are some', () => {
  const random = seededRandom(20_261_122);
  const hex = (digits: number) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
  for (let count = 0; count < 100_000; count++) {
    const uuid = [8, 4, 4, 4, 12].map((digits) => hex(digits)).join('-');
    const text = `{"requestId":"${uuid}"}`;
    if (redactor.redact(text).found.length > 0) throw new Error(`${uuid} is masked`);
  }
});
