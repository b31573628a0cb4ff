/**
 * The most that a picture costs at `high` detail, by how models' names begin; the longest that fits counts. Where a family
 * counts patches of 32 × 32 pixels, it takes at most 2,500 of them, and its small models multiply them; gpt-4o counts tiles of
 * 512 × 512, at most eight. https://developers.openai.com/api/docs/guides/images-vision#calculating-costs
 */
const MOST_TOKENS: readonly (readonly [prefix: string, tokens: number])[] = [
  ['', 3_000],
  // 1,536 patches × 1.62.
  ['gpt-4.1-mini', 2_489],
  ['gpt-5-mini', 2_489],
  // 2,833 and 5,667 a tile: its tokens are cheap, so that a picture costs what it does elsewhere.
  ['gpt-4o-mini', 48_169],
  // 1,536 patches × 2.46.
  ['gpt-5-nano', 3_779],
  // Their patches are those of gpt-5.4 and their factors not published: those of gpt-5 are assumed.
  ['gpt-5.4-mini', 4_050],
  ['gpt-5.4-nano', 6_150],
];

/** The most input tokens that one picture is billed as, at `high` detail; `low` costs less, and `auto` is never sent. */
export function imageTokenBound(model: string): number {
  const fitting = MOST_TOKENS.filter(([prefix]) => model.startsWith(prefix));
  const [, tokens] = fitting.toSorted(([a], [b]) => b.length - a.length)[0] ?? ['', Infinity];
  return tokens;
}
