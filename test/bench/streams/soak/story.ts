/** How fast the upstream of the soak writes: a chunk of each stream ten times a second. */
export const EVERY_MS = 100;

/** The name by which a stream is told from all others, in its request and in its text; it says how many pieces that has. */
export function tagOf(number: number, pieces: number): string {
  return `soak-${number}-of-${pieces}`;
}

/** What the upstream writes for a tag: every piece says whose it is, and which one. */
export function piecesFor(tag: string): string[] {
  const pieces = Number(/\d+$/.exec(tag)?.[0]);
  return Array.from({ length: pieces }, (_, at) => `${at === 0 ? '' : ' '}${tag}.${at}`);
}

/** The tag that a request bears. @throws Error where it bears none, or several */
export function tagIn(body: string): string {
  const tags = new Set(body.match(/soak-\d+-of-\d+/g));
  const [tag] = tags;
  if (tag === undefined || tags.size > 1) throw new Error(`a request must bear one tag, but bore ${tags.size}`);
  return tag;
}
