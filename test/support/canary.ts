/** A secret that is looked for everywhere: in GitHub's form, opens nothing, and made from parts so that no file holds it whole. */
export const CANARY = ['ghp', 'Kq7vT2mXz9RfLw4sJd8yHb3nPc6gVt1uQe5o'].join('_');

/** Every text by which it, or half of it or more, could be told: in clear, percent-encoded, and in base64 at each of its three cuts. */
const TRACES = tracesOf(CANARY);

/** The first trace of the canary in a text; undefined where there is none. */
export function traceIn(text: string): string | undefined {
  return TRACES.find((trace) => text.includes(trace));
}

function tracesOf(secret: string): string[] {
  const length = Math.ceil(secret.length / 2);
  const fragments = Array.from({ length: secret.length - length + 1 }, (_, at) => secret.slice(at, at + length));
  const inBase64 = fragments.flatMap((fragment) => [0, 1, 2].map((cut) => innerBase64(fragment, cut)));
  return [...new Set([fragments, fragments.map((fragment) => inPercents(fragment)), inBase64].flat())];
}

/** Every sign in its percent code, which no encoder would need for it. */
export function inPercents(text: string): string {
  return Array.from(text, (sign) => `%${sign.charCodeAt(0).toString(16)}`).join('');
}

/** What base64 makes of a text that stands so many bytes behind a group's start, without the signs at its ends, which its neighbours share. */
function innerBase64(text: string, cut: number): string {
  const encoded = Buffer.from(' '.repeat(cut) + text).toString('base64');
  return encoded.slice(Math.ceil((cut * 4) / 3), -4);
}
