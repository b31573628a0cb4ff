/** Characters that a placeholder of a template stands for. */
const alphabets: Readonly<Record<string, string>> = {
  a: 'abcdefghijklmnopqrstuvwxyz',
  A: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  d: '0123456789',
  h: '0123456789abcdef',
  H: '0123456789ABCDEF',
  l: 'abcdefghijklmnopqrstuvwxyz0123456789',
  U: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
  w: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
};

/**
 * A detector's example from its template: `{w36}` becomes 36 characters of its alphabet (a, A letters; d digits; h, H
 * hex; l lower case and digits; U base32; w letters and digits), and `{}` nothing: it only parts a word. Always the same for the same seed.
 */
export function exampleOf(template: string, seed = 1): string {
  let state = seed;
  const next = (bound: number) => {
    // xorshift32 (https://www.jstatsoft.org/article/view/v008i14): even enough to pass for a key.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
  for (let warmUp = 0; warmUp < 8; warmUp += 1) next(2);
  return template.replaceAll('{}', '').replaceAll(/\{([aAdhHlUw])(\d+)\}/g, (_all, name: string, length: string) => {
    const alphabet = alphabets[name] ?? '';
    return Array.from({ length: Number(length) }, () => alphabet[next(alphabet.length)]).join('');
  });
}
