/** Where a text gives away what is inside: names of roles and organisations, stacks, places on a disk. */
const INSIDE: readonly RegExp[] = [
  /\borg-\w/,
  /\bproj_\w/,
  /\barn:aws/,
  /node_modules/,
  /file:\/\//,
  /\.[cm]?[jt]s:\d/,
  /\bat \S+ \(/,
  /\/(functions|infra|home|srv|work|tmp|var|usr)\//,
  /\b[A-Z]\w*(Error|Exception)\b/,
];

/** What nobody outside may hear, by a name under which a test may tell of it. */
export type Secrets = Readonly<Record<string, string>>;

/**
 * What a text gives away: secrets of which it holds half or more, by their names, and the signs of what is inside. What the attacker
 * has said may come back.
 */
export function leaksIn(text: string, secrets: Secrets, said = ''): string[] {
  const told = Object.entries(secrets).filter(([, secret]) => holdsHalfOf(text, secret));
  const signs = INSIDE.flatMap((sign) => {
    const [found] = sign.exec(text) ?? [];
    return found === undefined || said.includes(found) ? [] : [`${found} (${sign.source})`];
  });
  return [...told.map(([name]) => name), ...signs];
}

/** The same of a log, which may tell the names of errors and where they were thrown. */
export function secretsIn(text: string, secrets: Secrets): string[] {
  return Object.keys(secrets).filter((name) => holdsHalfOf(text, secrets[name]!));
}

function holdsHalfOf(text: string, secret: string): boolean {
  const half = Math.ceil(secret.length / 2);
  for (let at = 0; at + half <= secret.length; at++) if (text.includes(secret.slice(at, at + half))) return true;
  return false;
}
