/** A plot of lines. */
export interface Plot {
  readonly file: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface Axis {
  /** What, and in which unit. */
  readonly label: string;
  readonly scale: 'linear' | 'log';
  /** In order; the first and the last are the ends of the axis. */
  readonly ticks: readonly number[];
}

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 760;
const HEIGHT = 420;
const LEFT = 76;
const RIGHT = 200;
const TOP = 44;
const BOTTOM = 56;
/** Least apart, so that names of lines that end together can be read. */
const NAME_HEIGHT = 17;

/** Readable on light and on dark ground, and told apart by dashes where colours are not seen. */
const LINES = [
  ['#0b66c3', '#6cb4ff', ''],
  ['#b3430b', '#ff9d5c', '7 4'],
  ['#187a3c', '#5fd08a', '2 3'],
  ['#8a2ea6', '#d896ee', '9 3 2 3'],
  ['#555', '#bbb', '1 5'],
  ['#8a6d00', '#e3c04b', '12 4'],
] as const;

/** The plot as SVG, with its own colours for a dark scheme. */
export function toSvg({ title, x, y, series }: Plot): string {
  const toX = (value: number) => LEFT + shareOf(x, value) * (WIDTH - LEFT - RIGHT);
  const toY = (value: number) => HEIGHT - BOTTOM - shareOf(y, value) * (HEIGHT - TOP - BOTTOM);
  const ends = spread(series.map(({ points }) => toY(points.at(-1)![1])));
  const middleX = (LEFT + WIDTH - RIGHT) / 2;
  const middleY = (TOP + HEIGHT - BOTTOM) / 2;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">`,
    `<style>${styles(series.length)}</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" class="ground"/>`,
    `<text x="${LEFT}" y="24" class="title">${escape(title)}</text>`,
    ...x.ticks.flatMap((tick) => [
      `<path class="grid" d="M${at(toX(tick))} ${TOP}V${HEIGHT - BOTTOM}"/>`,
      `<text x="${at(toX(tick))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${label(tick)}</text>`,
    ]),
    ...y.ticks.flatMap((tick) => [
      `<path class="grid" d="M${LEFT} ${at(toY(tick))}H${WIDTH - RIGHT}"/>`,
      `<text x="${LEFT - 8}" y="${at(toY(tick) + 4)}" text-anchor="end">${label(tick)}</text>`,
    ]),
    `<text x="${middleX}" y="${HEIGHT - 14}" text-anchor="middle">${escape(x.label)}</text>`,
    `<text x="18" y="${middleY}" text-anchor="middle" transform="rotate(-90 18 ${middleY})">${escape(y.label)}</text>`,
    ...series.flatMap(({ name, points }, line) => [
      `<polyline class="line l${line}" points="${points.map(([px, py]) => `${at(toX(px))},${at(toY(py))}`).join(' ')}"/>`,
      ...points.map(([px, py]) => `<circle class="dot d${line}" cx="${at(toX(px))}" cy="${at(toY(py))}" r="3"/>`),
      `<text x="${at(toX(points.at(-1)![0]) + 10)}" y="${at(ends[line]! + 4)}" class="name n${line}">${escape(name)}</text>`,
    ]),
    '</svg>',
  ].join('\n')}\n`;
}

/** Where a value lies on its axis, 0 to 1; what lies outside is put to the end. */
function shareOf({ scale, ticks }: Axis, value: number): number {
  const by = scale === 'log' ? Math.log : Number;
  const [from, to] = [by(ticks[0]!), by(ticks.at(-1)!)];
  return Math.min(1, Math.max(0, (by(value) - from) / (to - from)));
}

/** Moves heights apart, in their order, so that none covers another. */
function spread(heights: readonly number[]): number[] {
  const order = heights
    .keys()
    .toArray()
    .sort((a, b) => heights[a]! - heights[b]!);
  const moved: number[] = [];
  let last = -Infinity;
  for (const line of order) {
    last = Math.max(heights[line]!, last + NAME_HEIGHT);
    moved[line] = last;
  }
  return moved;
}

function styles(lines: number): string {
  const of = (scheme: 0 | 1) =>
    LINES.slice(0, lines)
      .map((colours, line) => `.l${line}{stroke:${colours[scheme]}}.d${line},.n${line}{fill:${colours[scheme]}}`)
      .join('');
  const dashes = LINES.slice(0, lines)
    .map(([, , dash], line) => (dash === '' ? '' : `.l${line}{stroke-dasharray:${dash}}`))
    .join('');
  return (
    `text{font:13px system-ui,sans-serif;fill:#222}.title{font-size:15px;font-weight:600}.ground{fill:#fff}` +
    `.grid{stroke:#ddd;fill:none}.line{fill:none;stroke-width:2}${dashes}${of(0)}` +
    `@media (prefers-color-scheme:dark){text{fill:#ddd}.ground{fill:#0d1117}.grid{stroke:#30363d}${of(1)}}`
  );
}

function label(value: number): string {
  return value.toLocaleString('en');
}

function at(value: number): string {
  return value.toFixed(1);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
