/** What the caller's `Cache-Control` request header asks of the cache (RFC 9111, 5.2.1). */
export interface CacheWish {
  /** May a stored answer be used? `no-cache`, `no-store` and `max-age=0` say no. */
  readonly read: boolean;
  /** May the new answer be stored? `no-store` says no. */
  readonly store: boolean;
  /** A stored answer older than this is not wanted. */
  readonly maxAgeSeconds: number;
  /** Answer from the cache or not at all. */
  readonly onlyIfCached: boolean;
}

/** Reads the header. Unknown directives are ignored, as the RFC demands; a `max-age` that is no number counts as 0. */
export function parseCacheControl(header: string | undefined): CacheWish {
  const directives = new Map<string, string>();
  for (const part of header?.toLowerCase().split(',') ?? []) {
    const [name = '', value = ''] = part.split('=');
    directives.set(name.trim(), value.trim().replaceAll('"', ''));
  }
  const maxAge = directives.get('max-age');
  const maxAgeSeconds = maxAge === undefined ? Infinity : /^\d+$/.test(maxAge) ? Number(maxAge) : 0;
  const store = !directives.has('no-store');
  return {
    read: store && !directives.has('no-cache') && maxAgeSeconds > 0,
    store,
    maxAgeSeconds,
    onlyIfCached: directives.has('only-if-cached'),
  };
}
