/** Words that stand where a secret would: in documentation, templates and variables. */
const words =
  /example|placeholder|your|change[-_]?(?:me|it)|redacted|dummy|sample|xxx|\*\*\*|\.\.\.|insert|replace|todo|foo-?bar|undefined|not[-_]?a[-_]?real|^(?:null|none|nil|true|false|test|password|passwd|mypassword|secret|token|foo|bar|baz|abc|xyz|admin|user)\d?$|[<>]|[$%#@]\{|\{\{|%[({]|\$\(|^\$|^%\w+%$|^\{.*\}$|^\[.*\]$/i;

/** Whether a value only stands for a secret: `your-api-key`, `xxxx`, `${TOKEN}`, `<token>`, one character repeated. */
export function isPlaceholder(value: string): boolean {
  return words.test(value) || /^(.)\1*$/.test(value);
}

/** The same for what has a provider's own prefix: only what no provider would issue. */
export function isMockToken(body: string): boolean {
  return (
    /x{6,}|\*{3}|\.{3}|your|placeholder|redacted|token|string/i.test(body) || /^[a-z_-]+$|^[A-Z0-9]*EXAMPLE$/.test(body)
  );
}
