/** How fast the upstream of the soak writes: a chunk of each stream ten times a second. */
export const EVERY_MS = 100;

const FEWEST_PIECES = 50;
const MORE_PIECES = 20;

/** The name by which a stream is told from all others, in its request and in its text. */
export function tagOf(number: number): string {
  return `soak-${number}-end`;
}

/** What the upstream writes for a tag: every piece says whose it is, and which one. Streams differ in length. */
export function piecesFor(tag: string): string[] {
  const number = Number(/\d+/.exec(tag)?.[0]);
  const count = FEWEST_PIECES + (number % MORE_PIECES);
  return Array.from({ length: count }, (_, at) => `${at === 0 ? '' : ' '}${tag}.${at}`);
}

/** The tag that a request bears. @throws Error where it bears none, or several */
export function tagIn(body: string): string {
  const tags = new Set(body.match(/soak-\d+-end/g));
  const [tag] = tags;
  if (tag === undefined || tags.size > 1) throw new Error(`a request must bear one tag, but bore ${tags.size}`);
  return tag;
}
