/** How long a stream is, and how fast it comes. */
export interface Pace {
  readonly chunks: number;
  readonly everyMs: number;
}

/** By this the first token of a stream is known. */
export const FIRST_WORD = 'Upstream';

/** A sentence that a request bears through whatever stands between, and by which the upstream knows the pace. */
export function paceOf({ chunks, everyMs }: Pace): string {
  return `Write ${chunks} words, one every ${everyMs} ms.`;
}

/** @throws Error where there is none */
export function paceIn(body: string): Pace {
  const [, chunks, everyMs] = /Write (\d+) words, one every (\d+) ms/.exec(body) ?? [];
  if (chunks === undefined) throw new Error('the request names no pace');
  return { chunks: Number(chunks), everyMs: Number(everyMs) };
}
