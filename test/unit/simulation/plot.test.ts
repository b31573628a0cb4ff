import { expect, test } from 'vitest';
import { toSvg, type Plot } from '#test/bench/simulation/plot.ts';

const PLOT: Plot = {
  file: 'x.svg',
  title: 'Load < limit & "more"',
  x: { label: 'shards', scale: 'log', ticks: [1, 10, 100] },
  y: { label: 'calls a second', scale: 'linear', ticks: [0, 50] },
  series: [
    {
      name: 'first',
      points: [
        [1, 0],
        [10, 25],
        [100, 50],
      ],
    },
    { name: 'second', points: [[100, 50]] },
  ],
};

function attributes(svg: string, pattern: RegExp): number[] {
  return [...svg.matchAll(pattern)].map((match) => Number(match[1]));
}

test('points lie where their axes say, even ones on an even scale', () => {
  const svg = toSvg(PLOT);
  const [x1, x10, x100] = attributes(svg, /cx="([\d.]+)"/g) as [number, number, number];
  const [y0, y25, y50] = attributes(svg, /cy="([\d.]+)"/g) as [number, number, number];
  expect(x10 - x1).toBeCloseTo(x100 - x10, 0);
  expect(y0 - y25).toBeCloseTo(y25 - y50, 0);
  expect(y50).toBeLessThan(y0);
});

test('axes and lines are named, apart from each other, and the text is safe in XML', () => {
  const svg = toSvg(PLOT);
  for (const name of ['>shards<', '>calls a second<', '>first<', '>second<', '>100<']) expect(svg).toContain(name);
  expect(svg).toContain('Load &lt; limit &amp; &quot;more&quot;');
  const [first, second] = attributes(svg, /y="([\d.]+)" class="name/g) as [number, number];
  expect(Math.abs(first - second)).toBeGreaterThan(12);
});

test('there are colours for light and for dark', () => {
  expect(toSvg(PLOT)).toMatch(/\.l1\{stroke:#\w+\}.*@media \(prefers-color-scheme:dark\).*\.l1\{stroke:#\w+\}/);
});
