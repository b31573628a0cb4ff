import type { Detector } from '../../detector.ts';
import { isPlaceholder } from '../placeholder.ts';
import { isDense, isGenerated } from '../shape.ts';
import { namesSecret } from './names.ts';

/** What stands between a name and its value: `=`, `:`, `=>`, `:=`, `", "`, `>`, ` is `, and quotes around. */
const between = String.raw`["'\x60\])]{0,3}\\{0,3}["']?(?: (?:string|str|is|was)|: ?&?str(?:ing)?)?(?:\s{0,8}(?:[:?.|]{0,3}[=:]{1,2}>?|=>|>)\s{0,12}(?:[bfru@](?=["']))?\\{0,3}["'\x60(]{0,3}|["']\s{0,4},\s{0,8}["']|["']?,?\s{1,12}["']?(?:value|content|default)["']?\s{0,4}[=:]\s{0,4}["']?|["'],["'](?:value|content|default)["']:["']|(?<= is| was)\s["'\x60]{0,2})`;

/** What no unquoted value holds: blanks, quotes and brackets of code. */
const ends = String.raw`\s\0"'\x60<>,;(){}\[\]\\`;

const keywords =
  'token secret key credentials credential creds auth access session signature jwt client license salt cookie consumer'.split(
    ' ',
  );

/** Keys and tokens under a name that says so: the value must look generated. */
const keyed: Detector = {
  kind: 'SECRET',
  category: 'secret',
  anchor: { literals: keywords, caseless: true },
  pattern: new RegExp(
    String.raw`(?<keyword>${keywords.join('|')})(?<tail>[\w.-]{0,40})${between}(?<secret>[^${ends}]{8,1200})`,
    'iy',
  ),
  validate(match) {
    const secret = match.groups?.['secret'] ?? '';
    return isGenerated(secret) && !isPlaceholder(secret) && !isCode(secret) && !isCall(match) && namesSecret(match);
  },
  longest: 1320,
  example: 'client_secret = "{w40}"',
  source: 'https://cwe.mitre.org/data/definitions/798.html',
};

/** The same with nothing but blanks between, as people and command lines write it: the value must look it all the more. */
const mentioned: Detector = {
  kind: 'SECRET',
  category: 'secret',
  anchor: { literals: keywords, caseless: true },
  pattern: new RegExp(
    String.raw`(?<keyword>${keywords.join('|')})(?<tail>[\w.-]{0,40})["'\x60]?\s{1,3}(?:[-|] {1,2})?["'\x60]?(?<secret>[^${ends}]{16,512})`,
    'iy',
  ),
  validate(match) {
    const secret = (match.groups?.['secret'] ?? '').replace(/[.:!?]+$/, '');
    return (
      isGenerated(secret, 16) && isDense(secret) && !isPlaceholder(secret) && !isCode(secret) && namesSecret(match)
    );
  },
  longest: 580,
  example: 'deploy with token {w20}',
  source: 'https://cwe.mitre.org/data/definitions/798.html',
};

/** Passwords: shorter, and written by people. */
const password: Detector = {
  kind: 'PASSWORD',
  category: 'secret',
  anchor: { literals: ['pass', 'pwd'], caseless: true },
  pattern: new RegExp(
    String.raw`(?<keyword>pass(?:w(?:or)?d|wrd|phrase|code)|pwd|(?<![a-z])pass(?![a-z]))(?<tail>[\w.-]{0,32})(?<between>${between})(?<secret>(?<=["'\x60])[^\s\0"'\x60]{4,128}(?=["'\x60\\])|[^${ends}]{5,128})`,
    'iy',
  ),
  validate(match) {
    const { keyword, between: sign = '', secret = '' } = match.groups ?? {};
    if (isPlaceholder(secret) || isCode(secret) || isCall(match) || !namesSecret(match)) return false;
    if (isMixed(secret)) return true;
    // Words are passwords only where they are quoted and assigned.
    const quote = /[=:>]\s*\\*(["'\x60])$/.exec(sign)?.[1];
    const closed = quote !== undefined && match.input.charAt(match.index + match[0].length) === quote;
    return closed && keyword?.length !== 4 && /^[a-z]{6,}$/i.test(secret) && !/pass(?:word|wd)?$/i.test(secret);
  },
  longest: 240,
  example: 'password = "{w6}!{w8}"',
  source: 'https://cwe.mitre.org/data/definitions/798.html',
};

/** Whether a value is the name of a function that is called. */
function isCall({ input, index, 0: { length } }: RegExpExecArray): boolean {
  return input.charAt(index + length) === '(';
}

/** Letters with a digit or a sign: what people make passwords of, and names of variables seldom are. */
function isMixed(text: string): boolean {
  return /[a-z]/i.test(text) && /[\d!@#$%^&*+=~?]/.test(text);
}

/** Calls, paths, addresses, members and versions: what code and configuration put where a secret would be. */
function isCode(text: string): boolean {
  return /^(?:process\.|exports\.|module\.|window\.|env\.|os\.|self\.|this\.|config\.|https?:|file:|arn:|\.{0,2}\/[a-z]|~\/|[A-Z]:|\[|rc\d|v?\d+\.\d+)|->|::|==|&&|\|\||\.(?:pem|key|json|ya?ml|txt|crt|cer|pub|env|js|ts|py|go|java|html?|md|png|gif|jpe?g|svg|tab|p12|jks|com|org|net|io|dev|local|internal)\b|^[\w-]+@[\w.-]+\.\w{2,}$/.test(
    text,
  );
}

export const assignmentDetectors: readonly Detector[] = [keyed, mentioned, password];
