import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { toCsv } from '#ledger/csv.ts';

const cellOf = (value: unknown) => toCsv(['name'], [{ name: value }]).slice('name\r\n'.length, -'\r\n'.length);

test('rows stand in the order of the columns, with CRLF after each, the last included', () => {
  const rows = [
    { b: 2, a: 'one' },
    { a: 'two', c: 'left out' },
  ];
  expect(toCsv(['a', 'b'], rows)).toBe('a,b\r\none,2\r\ntwo,\r\n');
  expect(toCsv(['a'], [])).toBe('a\r\n');
});

test.each([
  ['plain', 'plain'],
  ['', ''],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  ['two\r\nlines', '"two\r\nlines"'],
  ['Grüße 👋', 'Grüße 👋'],
])('RFC 4180: %j is quoted where it must be', (value, cell) => {
  expect(cellOf(value)).toBe(cell);
});

test.each([
  ['=1+1', "'=1+1"],
  ['+1 555 0100', "'+1 555 0100"],
  ['-cmd', "'-cmd"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', `"'\r=1"`],
  ['\n=1', `"'\n=1"`],
  ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
  ['-1+1', "'-1+1"],
  ['+1', "'+1"],
  ['-', "'-"],
])('L11 %j is neutralised: a spreadsheet does not run it', (value, cell) => {
  expect(cellOf(value)).toBe(cell);
});

test.each(['0', '-3.5', '-0.000000000001', '120', -7, 3n])('the number %s stays a number', (value) => {
  expect(cellOf(value)).toBe(String(value));
});

test('L11 any text comes back whole through a reader of RFC 4180, and no cell begins a formula', () => {
  const text = fc.string({
    unit: fc.constantFrom('=', '+', '-', '@', '"', ',', "'", '\r', '\n', '\t', 'a', '1', '.', 'é', ' '),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 4 }), (rows) => {
      const csv = toCsv(
        ['x', 'y'],
        rows.map(([x, y]) => ({ x, y })),
      );
      const read = readCsv(csv).slice(1);
      expect(read).toHaveLength(rows.length);
      for (const [at, cells] of read.entries()) {
        for (const [column, cell] of cells.entries()) {
          const given = rows[at]?.[column];
          expect([given, `'${given}`]).toContain(cell);
          expect(cell).toMatch(/^(?![=+\-@\t\r\n])|^-?\d+(\.\d+)?$/u);
        }
      }
    }),
    { seed: 20_261_122 },
  );
});

/** A reader of its own, after the grammar of RFC 4180. */
function readCsv(csv: string): string[][] {
  const rows: string[][] = [[]];
  let at = 0;
  while (at < csv.length) {
    let cell = '';
    if (csv[at] === '"') {
      for (at += 1; csv[at] !== '"' || csv[at + 1] === '"'; at += 1) {
        if (csv[at] === '"') at += 1;
        cell += csv[at];
      }
      at += 1;
    } else {
      for (; csv[at] !== ',' && csv[at] !== '\r'; at += 1) cell += csv[at];
    }
    rows.at(-1)?.push(cell);
    if (csv[at] === ',') at += 1;
    else {
      at += 2;
      rows.push([]);
    }
  }
  return rows.slice(0, -1);
}
