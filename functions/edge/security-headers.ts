/**
 * Headers of every reply, whoever gives it: a function, or the gateway in its place. A route's own go before them: a page has a policy
 * that lets it load its parts. What is no page may load nothing, and nobody may frame it.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
};
