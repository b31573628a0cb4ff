/** Last words of a name that is about a secret, but holds none: `key_id`, `tokenUrl`, `SECRET_NAME`, `passwordLength`. */
const about =
  /^(?:(?:id|identifier|name|file|path|dir|folder|ur[il]|endpoint|host|type|kind|size|count|counter|prefix|suffix|format|field|column|stamp|label|limit|pair|word|budget|method|mode|scope|alias|list|spec|schema|param|parameter|header|request|response|error|message|option|setting|value|rule|role|event|result|detail|hint|change|reset)s?|filename|len|length|version|index|expir\w+|ttl|time|timeout|timestamp|at|ref|arn|regex|pattern|usage|vault|down|up|press|pressed|map|mapping|provider|manager|mgr|realm|service|handler|class|hash|alg|algorithm|issuer|audience|enabled|required|policy|policies|rotation|status|state|location|store|set|info|input|output|config\w*|variable|chars|str|cert|tab|ring|frame|space|code|stroke|verification|validator|signer|parser|reader|writer|factory|builder|client|server|source|metadata|level|strength|checksum|digest|fingerprint|iterator|accessor|generat\w+|eliminat\w+|locked|selector)$/;

/** Words before `key`, `token` … that make it none of the secret sort: `publicKey`, `primary_key`, `pageToken`. */
const harmless =
  /^(?:public|pub|primary|foreign|partition|sort|cached?|dedup|idempotency|idx|index|hash|object|row|bucket|group|event|schema|sequence|translation|issuer|[cx]srf|page|next|continuation|pagination|cursor|sync|range|map|dict|entry|license|author|site|react|node|element|item|sub|lookup|search|menu|tab|route|query|fingerprint|publishable|unique|composite|natural|surrogate|image|asset|job|metric|attribute|dimension|property|config|feature|flag|theme|locale|lang|message|record|column|field|json|ya?ml|xml|table|data|hot|short|arrow|enter|escape|delete|shift|control|alt|space|function|first|last|previous|current|max|min|total|prompt|completion|input|output|num|count|used)$/;

/** The words of a name: `awsSecretKey`, `aws_secret-key` and `AWS.SECRET_KEY` have the same three. */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** Whether a name of which a match holds the middle on is that of a secret, by the words before and behind. */
export function namesSecret({ input, index, groups }: RegExpExecArray): boolean {
  const { keyword = '', tail = '' } = groups ?? {};
  const head = /[\w.-]*$/.exec(input.slice(Math.max(0, index - 32), index))?.[0] ?? '';
  const behind = wordsOf(tail);
  if (behind.length > 0 && about.test((behind.at(-1) ?? '').replace(/\d+$/, ''))) return false;
  // `tokens` and `keys` are counted or listed; `monkey` and `author` are other words.
  if (/^(?:s|ed|ing|ers?|ors?|ity|ize\w*|less|ly)(?![a-z])/.test(tail)) return false;
  const before = wordsOf(`${head}${keyword}`);
  const glued = before.at(-1) ?? '';
  const previous = glued === keyword.toLowerCase() ? (before.at(-2) ?? '') : glued.slice(0, -keyword.length);
  return !harmless.test(previous) && !/^(?:mon|don|tur|hoc|joc|whis|lac|hus)$/.test(previous);
}
