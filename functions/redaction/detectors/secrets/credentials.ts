import type { Detector } from '../../detector.ts';
import { isPlaceholder } from '../placeholder.ts';
import { isGenerated } from '../shape.ts';

/** Credentials in URLs, connection strings, headers and command lines. */
const database: Detector = {
  kind: 'CONNECTION_STRING',
  category: 'secret',
  anchor: { literals: ['://'], before: { of: 'A-Za-z0-9+.:-', atMost: 32 } },
  pattern:
    /(?<![A-Za-z0-9+.-])(?:jdbc:)?(?:mongodb(?:\+srv)?|mysqlx?|mariadb|postgres(?:ql)?(?:\+\w{2,12})?|mysql\+\w{2,12}|rediss?|amqps?|mssql|sqlserver|oracle|cockroachdb|clickhouse|couchdb|neo4j(?:\+s)?|bolt|cassandra|db2|snowflake|influxdb|nats|kafka|ldaps?|smtps?|imaps?|sftp|ssh):\/\/(?<user>[^\s\0:/?#@"'<>`]{0,80}):(?<password>[^\s\0/"'<>`]{1,128})@[^\s\0"'<>`]{1,300}/iy,
  validate: isCredential,
  longest: 560,
  example: 'postgresql://app:{w12}@db.internal:5432/orders',
  source: 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1',
};

const url: Detector = {
  kind: 'URL_PASSWORD',
  category: 'secret',
  anchor: { literals: ['://'] },
  pattern: /:\/\/(?<secret>(?<user>[^\s\0:/?#@"'<>`]{0,80}):(?<password>[^\s\0/"'<>`]{1,128}))@(?=[\w[])/y,
  validate: isCredential,
  longest: 220,
  example: 'https://admin:{w12}@web.internal',
  source: 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1',
};

const urlToken: Detector = {
  kind: 'URL_PASSWORD',
  category: 'secret',
  anchor: { literals: ['://'] },
  pattern: /:\/\/(?<secret>[\w~.+-]{20,255}(?::[\w-]{0,32})?)@(?=[\w[])/y,
  validate: ({ groups }) => isGenerated(groups?.['secret'] ?? '', 20),
  longest: 300,
  example: 'https://{w40}@web.internal',
  source: 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1',
};

function isCredential({ groups }: RegExpExecArray): boolean {
  const { user = '', password = '' } = groups ?? {};
  return user !== password && !isPlaceholder(password) && !/^[{$%*]|\}$|passw(?:or)?d$|^[A-Z_]+$/.test(password);
}

/** Whatever npm's own configuration keeps there is one: of some registries tokens look like nothing. */
const registryToken: Detector = {
  kind: 'NPM_TOKEN',
  category: 'secret',
  anchor: { literals: [':_authToken', ':_auth', ':_password'] },
  pattern: /:_(?:authToken|auth|password)[ \t]{0,4}=[ \t]{0,4}"?(?<secret>[\w+/.-]{8,512}={0,2})/y,
  validate: ({ groups }) => !isPlaceholder(groups?.['secret'] ?? ''),
  longest: 540,
  example: '//npm.internal/:_authToken={w20}',
  source: 'https://docs.npmjs.com/cli/configuring-npm/npmrc',
};

const bearer: Detector = {
  kind: 'BEARER_TOKEN',
  category: 'secret',
  anchor: { literals: ['bearer'], caseless: true },
  pattern: /(?<![A-Za-z])bearer["']?[ :=]{1,3}["']?(?<secret>[A-Za-z0-9._~+/=|-]{12,4096})/iy,
  validate: ({ groups }) => {
    const secret = groups?.['secret'] ?? '';
    return /\d/.test(secret) && !isPlaceholder(secret) && isGenerated(secret);
  },
  longest: 4_120,
  example: 'Bearer {w24}',
  source: 'https://www.rfc-editor.org/rfc/rfc6750',
};

const basic: Detector = {
  kind: 'BASIC_AUTH',
  category: 'secret',
  anchor: { literals: ['basic '], caseless: true },
  pattern: /(?<![A-Za-z])basic (?<secret>[A-Za-z0-9+/]{6,1024}={0,2})(?![\w+/=])/iy,
  validate: ({ groups }) =>
    /^[\x20-\x7e]{0,64}:/.test(Buffer.from(groups?.['secret'] ?? '', 'base64').toString('latin1')),
  longest: 1_040,
  example: 'Basic YWRtaW46{a8}',
  source: 'https://www.rfc-editor.org/rfc/rfc7617',
};

const authorization: Detector = {
  kind: 'AUTHORIZATION',
  category: 'secret',
  anchor: { literals: ['authorization'], caseless: true },
  pattern:
    /authorization["']?\s{0,3}[:=]\s{0,3}["'`]?(?:(?:bearer|token|apikey|key|digest|negotiate|sso-key|api-key|api-token|splunk)[ =:]{1,2}["']?)?(?<secret>[^\s\0"'`<>,;(){}]{12,2048})/iy,
  validate: ({ groups }) => {
    const secret = groups?.['secret'] ?? '';
    return !isPlaceholder(secret) && isGenerated(secret);
  },
  longest: 2_090,
  example: 'Authorization: Token {w32}',
  source: 'https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2',
};

const commandLine: Detector = {
  kind: 'COMMAND_LINE_PASSWORD',
  category: 'secret',
  anchor: { literals: [' -u', '--user', '--proxy-user'] },
  pattern: /(?: -u|--user|--proxy-user)[ =]{0,3}["']?(?<secret>[^\s\0"':]{0,80}["']?:["']?[^\s\0"']{2,128})/y,
  validate({ groups, input, index }) {
    const [user = '', password = ''] = (groups?.['secret'] ?? '').split(/["']?:["']?/, 2);
    return (
      input.slice(Math.max(0, index - 600), index).includes('curl') &&
      !isPlaceholder(password) &&
      (password !== '' || isGenerated(user)) &&
      !/^[{$%*]/.test(password)
    );
  },
  longest: 230,
  example: 'curl -u admin:{w12}',
  source: 'https://curl.se/docs/manpage.html#-u',
};

/** `--password x`, `-p x`: flags whose value stands behind a blank. */
const flag: Detector = {
  kind: 'COMMAND_LINE_PASSWORD',
  category: 'secret',
  anchor: { literals: ['--', '-password', '-passphrase'], caseless: true },
  pattern:
    /(?:--(?:[a-z]{1,16}-){0,3}(?:password|passwd|pass|passphrase|token|secret|api-?key|key|pwd)|(?<![\w-])-pass(?:word|phrase))[ =]{1,2}["']?(?<secret>[^\s\0"'`<>,;(){}[\]\\]{6,512})/iy,
  validate({ groups }) {
    const secret = groups?.['secret'] ?? '';
    return !isPlaceholder(secret) && !/^[-$./~]|\.\w{2,5}$/.test(secret) && /\d/.test(secret) && /[a-z]/i.test(secret);
  },
  longest: 590,
  example: '--password {w6}7{w7}',
  source: 'https://www.gnu.org/prep/standards/html_node/Command_002dLine-Interfaces.html',
};

export const credentialDetectors: readonly Detector[] = [
  database,
  url,
  urlToken,
  registryToken,
  bearer,
  basic,
  authorization,
  commandLine,
  flag,
];
