/** One request that a client made, and the head of what came back. */
export interface Exchanged {
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
}

/** What a client is given as its `fetch`: the real one, which notes what went over it. */
export interface Wire {
  readonly fetch: typeof globalThis.fetch;
  /** In the order of their replies. */
  readonly exchanges: readonly Exchanged[];
}

/** Counts a client's requests, those of its own retries too, and shows headers that the client hides. */
export function watchedFetch(): Wire {
  const exchanges: Exchanged[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init);
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    exchanges.push({ path: pathname, status: response.status, headers: response.headers });
    return response;
  };
  return { fetch, exchanges };
}
