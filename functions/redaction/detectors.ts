/** What finds one kind of secret. Detectors are data, so that a later set can replace this one without touching the engine. */
export interface Detector {
  /** Stands in the place of what was found: `[OPENAI_KEY]`. */
  readonly kind: string;
  /** A literal that every match holds: a text without it is not scanned. Case matters. */
  readonly literal: string;
  /** Global, and linear: bounded or disjoint repetitions only. */
  readonly pattern: RegExp;
  readonly source: string;
}

/**
 * A small, honest set: tokens with a fixed prefix that their providers document, and the two shapes in which secrets
 * travel most (bearer headers, passwords in URLs). It does not find personal data, nor secrets without a shape.
 */
export const detectors: readonly Detector[] = [
  {
    kind: 'OPENAI_KEY',
    literal: 'sk-',
    pattern: /\bsk-[A-Za-z0-9_-]{16,}/g,
    source: 'https://platform.openai.com/docs/api-reference/authentication (Anthropic keys share the prefix)',
  },
  {
    kind: 'WEIR_KEY',
    literal: 'weir_',
    pattern: /\bweir_[A-Za-z0-9]{16,}/g,
    source: 'functions/security',
  },
  {
    kind: 'AWS_ACCESS_KEY',
    literal: 'A',
    pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g,
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes',
  },
  {
    kind: 'GITHUB_TOKEN',
    literal: 'gh',
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})/g,
    source: 'https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/',
  },
  {
    kind: 'SLACK_TOKEN',
    literal: 'xox',
    pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
    source: 'https://api.slack.com/authentication/token-types',
  },
  {
    kind: 'STRIPE_KEY',
    literal: 'k_',
    pattern: /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/g,
    source: 'https://docs.stripe.com/keys',
  },
  {
    kind: 'GOOGLE_API_KEY',
    literal: 'AIza',
    pattern: /\bAIza[A-Za-z0-9_-]{35}/g,
    source: 'https://cloud.google.com/docs/authentication/api-keys',
  },
  {
    kind: 'JWT',
    literal: 'eyJ',
    pattern: /\beyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]*/g,
    source: 'https://www.rfc-editor.org/rfc/rfc7519',
  },
  {
    kind: 'PRIVATE_KEY',
    literal: 'PRIVATE KEY-----',
    pattern: /-----BEGIN [A-Z ]{0,24}PRIVATE KEY-----[^-"]*(?:-----END [A-Z ]{0,24}PRIVATE KEY-----)?/g,
    source: 'https://www.rfc-editor.org/rfc/rfc7468',
  },
  {
    kind: 'BEARER_TOKEN',
    literal: 'earer ',
    pattern: /\b[Bb]earer [A-Za-z0-9._~+/=-]{12,}/g,
    source: 'https://www.rfc-editor.org/rfc/rfc6750',
  },
  {
    kind: 'URL_PASSWORD',
    literal: '://',
    pattern: /:\/\/[^\s:/@"'\\]{0,64}:[^\s:/@"'\\]{1,128}@/g,
    source: 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1',
  },
];
