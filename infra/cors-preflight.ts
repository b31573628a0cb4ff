import { SECURITY_HEADERS } from '#edge/security-headers.ts';

/** What a page may send: what Weir reads, and what OpenAI's SDK adds of its own in a browser. */
const READ = 'accept, authorization, cache-control, content-type, idempotency-key, x-weir-cache, x-weir-timeout-ms';
const STAINLESS = 'arch helper-method lang os package-version retry-count runtime runtime-version timeout'.split(' ');
const ALLOWED = [READ, 'openai-organization', 'openai-project', ...STAINLESS.map((it) => `x-stainless-${it}`)].join(
  ', ',
);
/** So long a browser does not ask again. */
const MAX_AGE_SECONDS = 600;

/** The reply to a browser that asks what a page of the allowed origin may send to a path: 204, without a key. */
export function preflightHeaders(origin: string, methods: readonly string[]): Readonly<Record<string, string>> {
  return {
    ...SECURITY_HEADERS,
    'access-control-allow-origin': origin,
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': ALLOWED,
    'access-control-max-age': String(MAX_AGE_SECONDS),
    vary: 'origin',
  };
}

/**
 * The origin whose pages may read replies.
 * @param name what the person set: `corsOrigin`, `WEIR_CORS_ORIGIN`
 * @throws Error that says what it must be
 */
export function parseCorsOrigin(text: string | undefined, name: string): string | undefined {
  if (text === undefined || isOrigin(text)) return text;
  const why =
    text === '*'
      ? ', but not *: with it any page could use a key that it got hold of, from the browser of whoever looks at it'
      : `, but '${text}' was provided`;
  throw new Error(`${name} must be one origin such as https://app.example${why}`);
}

/** No star, and no quote, by which API Gateway knows a text's end. */
const PLAIN = /^https?:\/\/[\w.:[\]-]+$/;

/** Of another machine over TLS alone: a page that came in the clear is anybody's. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  if (!url || url.origin !== text || !PLAIN.test(text)) return false;
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isHere);
}
