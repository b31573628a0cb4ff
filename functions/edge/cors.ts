/** What a page may read of a reply, beside what every page may. */
const EXPOSED = [
  'age',
  'location',
  'retry-after',
  'x-request-id',
  'x-should-retry',
  ...['attempts', 'cache', 'call-id', 'cost-usd', 'finish', 'model', 'replayed', 'upstream'].map(
    (it) => `x-weir-${it}`,
  ),
].join(', ');

/**
 * The headers by which browsers let pages of one origin read replies (https://fetch.spec.whatwg.org/#http-cors-protocol). No cookie is ever
 * asked for, so none is allowed.
 *
 * @param origin absent: none, so that no page of another origin reads anything
 */
export function corsHeaders(origin: string | undefined): Readonly<Record<string, string>> {
  if (origin === undefined) return {};
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED, vary: 'origin' };
}
