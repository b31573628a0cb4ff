import type { Detector } from '../../detector.ts';
import { isPlaceholder } from '../placeholder.ts';

/** Passwords as people and tools write them without a sign between name and value, and hashes of passwords. */
const sentence: Detector = {
  kind: 'PASSWORD',
  category: 'secret',
  anchor: { literals: ['password', 'passcode', 'passphrase', 'pin code', 'login'], caseless: true },
  pattern:
    /(?:password|passcode|passphrase|pin code|login)(?: (?:for|of|to|on)(?: [^\s\0.!?]{1,24}){1,4})? (?:is|was|will be|set to|changed to|reset to)[: ]{1,2}["'`]?(?<secret>[^\s\0"'`<>()]{4,100}[^\s\0"'`<>().,;:!?])/iy,
  validate: isTyped,
  longest: 260,
  example: 'The password for the router is {w6}!{w4}',
  source: 'https://pages.nist.gov/800-63-3/sp800-63b.html',
};

const netrc: Detector = {
  kind: 'PASSWORD',
  category: 'secret',
  anchor: { literals: ['password '] },
  pattern: /(?<=login\s\S{1,80}\s{1,4})password (?<secret>\S{4,128})/y,
  validate: isTyped,
  longest: 240,
  example: 'machine git.internal login ada password {w6}4{w5}',
  source: 'https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html',
};

const sql: Detector = {
  kind: 'PASSWORD',
  category: 'secret',
  anchor: { literals: ['identified by ', 'with password ', 'sshpass -p', 'securestring '], caseless: true },
  pattern:
    /(?:identified by(?: password)?|with(?: encrypted)? password|sshpass -p|securestring(?: -string)?) {0,2}["'](?<secret>[^\s\0"']{4,128})(?=["'])/iy,
  validate: ({ groups }) => !isPlaceholder(groups?.['secret'] ?? ''),
  longest: 170,
  example: "IDENTIFIED BY '{w12}'",
  source: 'https://dev.mysql.com/doc/refman/8.4/en/create-user.html',
};

const client: Detector = {
  kind: 'COMMAND_LINE_PASSWORD',
  category: 'secret',
  anchor: { literals: ['mysql', 'sshpass', 'mariadb'] },
  pattern: /(?:mysql|sshpass|mariadb)[^\n|;]{0,120}? -p ?["']?(?<secret>[^\s\0"'-][^\s\0"']{3,80})/y,
  validate: isTyped,
  longest: 215,
  example: 'mysql -u root -p{w6}4{w3} shop',
  source: 'https://dev.mysql.com/doc/refman/8.4/en/connecting.html',
};

const hash: Detector = {
  kind: 'PASSWORD_HASH',
  category: 'secret',
  anchor: {
    literals: [
      '$1$',
      '$2a$',
      '$2b$',
      '$2x$',
      '$2y$',
      '$5$',
      '$6$',
      '$y$',
      '$apr1$',
      '$argon2',
      '$scrypt$',
      '$pbkdf2',
      '{SSHA',
    ],
  },
  pattern:
    /(?:\$(?:1|2[abxy]|5|6|y|apr1|argon2(?:id?|d)|scrypt|pbkdf2[\w-]{0,12})\$|\{SSHA(?:256|512)?\})[\w./+=,$-]{20,300}/y,
  longest: 330,
  example: '$2b$12${w53}',
  source: 'https://man7.org/linux/man-pages/man5/crypt.5.html',
};

const discord: Detector = {
  kind: 'DISCORD_TOKEN',
  category: 'secret',
  anchor: { run: 24 },
  pattern: /(?<![\w-])[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])/y,
  validate: ([token]) => /\d/.test(token),
  longest: 80,
  example: 'M{w25}.{w6}.{w30}',
  source: 'https://discord.com/developers/docs/reference#authentication',
};

/** A blank separates it, so that it must show a digit or a sign among letters, or four digits or more. */
function isTyped({ groups }: RegExpExecArray): boolean {
  const secret = groups?.['secret'] ?? '';
  return (
    !isPlaceholder(secret) &&
    (/^\d{4,12}$/.test(secret) || /^(?=.*[A-Za-z])(?=.*[\d!@#$%^&*+=~?])(?!https?:)(?!.*\/)/.test(secret))
  );
}

export const writtenDetectors: readonly Detector[] = [sentence, netrc, sql, client, hash, discord];
