/**
 * What counts as found: no fragment of half the secret's length or more (rounded up) stays in the redacted text, D1's own
 * measure. It is strict: a mask that leaves the first half of a key standing has not found it.
 */
export function remains(redacted: string, secret: string): boolean {
  const value = valueOf(secret);
  const half = Math.max(1, Math.ceil(value.length / 2));
  for (let start = 0; start + half <= value.length; start += 1) {
    if (redacted.includes(value.slice(start, start + half))) return true;
  }
  return false;
}

/** A few rules of secretlint report the whole line `name = value`, of which the value is the secret. */
function valueOf(secret: string): string {
  return secret.replace(/^["']?[\w.-]+["']?\s*(?:=>|:?=|:\s)\s*["']?(?=[^\s=])/, '');
}
