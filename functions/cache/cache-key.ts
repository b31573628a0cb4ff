import { createHash } from 'node:crypto';
import { canonicalJson } from '#platform/canonical-json.ts';
import type { ModelRequest } from '#protocol/request.ts';

/** Whose answers a request may be answered with. */
export interface CacheOwner {
  readonly endpoint: string;
  /** Raised by the endpoint's author when the same request shall get a new answer. */
  readonly version: number;
  /** The caller's id, or `*` where the endpoint shares its answers between callers. */
  readonly caller: string;
  /** What the model writes is masked, in what is stored too. Absent: it is not. */
  readonly isMasked?: true;
}

/** The cache key: SHA-256 over owner and whole request. Anything that can change the answer changes the key (C2). */
export function cacheKey(owner: CacheOwner, request: ModelRequest): string {
  return createHash('sha256')
    .update(canonicalJson([owner, request]))
    .digest('base64url');
}
