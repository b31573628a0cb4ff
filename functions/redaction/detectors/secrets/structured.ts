import type { Detector } from '../../detector.ts';
import { isMockToken } from '../placeholder.ts';
import { isGenerated } from '../shape.ts';

/** Secrets that are known by their own structure. */
const jwt: Detector = {
  kind: 'JWT',
  category: 'secret',
  anchor: { literals: ['eyJ'] },
  pattern: /(?<![A-Za-z0-9])eyJ[\w-]{8,1200}\.[\w-]{8,6000}(?:\.[\w-]{0,2000}){0,3}/y,
  longest: 15_300,
  example: 'eyJ{w17}.eyJ{w40}.{w43}',
  source: 'https://www.rfc-editor.org/rfc/rfc7519',
};

const encodedJwt: Detector = {
  kind: 'JWT',
  category: 'secret',
  anchor: { literals: ['ZXlK'] },
  pattern: /(?<![A-Za-z0-9+/])ZXlK[A-Za-z0-9+/_-]{60,8000}={0,2}/y,
  longest: 8_010,
  example: 'ZXlK{w100}',
  source: 'https://www.rfc-editor.org/rfc/rfc7519',
};

const pem: Detector = {
  kind: 'PRIVATE_KEY',
  category: 'secret',
  anchor: { literals: ['-----BEGIN'] },
  pattern:
    /-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?:[^-]|-(?!----)){60,20000}-----END[ A-Z0-9]{0,40}(?:-----)?|[\w+/=\s\\]{60,20000})/y,
  validate: ([key]) => /[A-Za-z0-9+/]{60}/.test(key.replaceAll(/\\[nr]|[\s"'+]/g, '')),
  longest: 20_200,
  example: '-----BEGIN RSA PRIVATE{} KEY-----\n{w64}\n{w64}\n-----END RSA PRIVATE{} KEY-----',
  source: 'https://www.rfc-editor.org/rfc/rfc7468',
};

const putty: Detector = {
  kind: 'PRIVATE_KEY',
  category: 'secret',
  anchor: { literals: ['Private-Lines:'] },
  pattern: /Private-Lines: ?\d{1,3}\s{1,2}(?<secret>[A-Za-z0-9+/=\s]{40,8000})/y,
  longest: 8_030,
  example: 'Private-Lines: 2\n{w64}\n{w40}',
  source: 'https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html',
};

const azureClientSecret: Detector = {
  kind: 'AZURE_CLIENT_SECRET',
  category: 'secret',
  anchor: { literals: ['Q~'], before: { of: String.raw`\w~.-`, atMost: 4 } },
  pattern: /(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~-])/y,
  longest: 44,
  example: '{w3}8Q~{w34}',
  source: 'https://learn.microsoft.com/entra/identity-platform/app-objects-and-service-principals',
};

const telegram: Detector = {
  kind: 'TELEGRAM_TOKEN',
  category: 'secret',
  anchor: { literals: [':A'], before: { of: '0-9', atMost: 16 } },
  pattern: /(?<![A-Za-z0-9])\d{5,16}:A[\w-]{34}(?![\w-])/y,
  longest: 54,
  example: '{d10}:A{w34}',
  source: 'https://core.telegram.org/bots/api#authorizing-your-bot',
};

const facebook: Detector = {
  kind: 'FACEBOOK_TOKEN',
  category: 'secret',
  anchor: { literals: ['|'], before: { of: '0-9', atMost: 17 } },
  pattern: /(?<!\w)\d{13,17}\|[\w-]{27}(?![\w-])/y,
  longest: 47,
  example: '{d15}|{w27}',
  source: 'https://developers.facebook.com/docs/facebook-login/guides/access-tokens',
};

const mailchimp: Detector = {
  kind: 'MAILCHIMP_KEY',
  category: 'secret',
  anchor: { literals: ['-us'], before: { of: '0-9a-f', atMost: 32 } },
  pattern: /(?<!\w)[0-9a-f]{32}-us\d{1,2}(?!\w)/y,
  longest: 39,
  example: '{h32}-us{d2}',
  source: 'https://mailchimp.com/developer/marketing/guides/quick-start',
};

const teams: Detector = {
  kind: 'TEAMS_WEBHOOK',
  category: 'secret',
  anchor: { literals: ['.webhook.office.com/'] },
  pattern: /\.webhook\.office\.com\/webhookb2\/[\w-]{36}@[\w-]{36}\/IncomingWebhook\/\w{32}\/[\w-]{36}/y,
  longest: 220,
  example:
    '.webhook.office.com/webhookb2/{h8}-{h4}-{h4}-{h4}-{h12}@{h8}-{h4}-{h4}-{h4}-{h12}/IncomingWebhook/{h32}/{h8}-{h4}-{h4}-{h4}-{h12}',
  source: 'https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors',
};

const openai: Detector = {
  kind: 'OPENAI_KEY',
  category: 'secret',
  anchor: { literals: ['sk-'] },
  pattern: /(?<![A-Za-z0-9])sk-[\w-]{16,200}(?![\w-])/y,
  validate: ([key]) =>
    !isMockToken(key.slice(3)) && (/^sk-(?=.*\d)[A-Za-z0-9]+$/.test(key) || isGenerated(key.slice(3))),
  longest: 205,
  example: 'sk-{w20}T3BlbkFJ{w20}',
  source: 'https://platform.openai.com/docs/api-reference/authentication',
};

const sidekiq: Detector = {
  kind: 'SIDEKIQ_SECRET',
  category: 'secret',
  anchor: { literals: ['CONTRIBSYS__COM'] },
  pattern: /CONTRIBSYS__COM["']?\s{0,3}[:=]{1,2}\s{0,3}["']?(?<secret>[0-9a-f]{8}:[0-9a-f]{8})/y,
  longest: 45,
  example: 'BUNDLE_GEMS__CONTRIBSYS__COM: {h8}:{h8}',
  source: 'https://github.com/sidekiq/sidekiq/wiki/Commercial-FAQ',
};

/** Azure's and AWS' ids of accounts, clients and tenants: no keys, but half of what a login needs. */
const account: Detector = {
  kind: 'CLOUD_ACCOUNT_ID',
  category: 'secret',
  anchor: { literals: ['azure', 'tenant', 'aws_account', 'awsaccount', 'aws-account'], caseless: true },
  pattern:
    /(?:(?:azure[\w-]{0,24}|tenant)[_-]?id|aws[_-]?account[_-]?(?:id|number)?)["'\]]{0,2}\s{0,3}(?:=>|:?=|:)\s{0,3}["']?(?<secret>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\d{4}-?\d{4}-?\d{4})(?!\w)/iy,
  longest: 100,
  example: 'AZURE_CLIENT_ID={h8}-{h4}-{h4}-{h4}-{h12}',
  source: 'https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html',
};

/** Kubernetes keeps secrets as base64 under `data`; which kind it is may stand before or behind. */
const kubernetes: Detector = {
  kind: 'KUBERNETES_SECRET',
  category: 'secret',
  anchor: { literals: ['data:'] },
  pattern:
    /(?<![\w-])data:[ \t]{0,8}\r?\n(?<secret>(?:[ \t]{1,12}(?:#[^\n]{0,200}|[\w.-]{1,80}:[ \t]{0,8}(?:[|>][+-]?[ \t]{0,8}\r?\n[ \t]{1,16})?["']?[A-Za-z0-9+/=]{4,1000}["']?)[ \t]{0,8}(?:\r?\n|$)){1,16})/y,
  validate: ({ input, index, 0: { length } }) =>
    /kind:[ \t]*["']?secret\b/i.test(input.slice(Math.max(0, index - 1000), index + length + 1000)),
  longest: 19_000,
  seesBehind: 1_000,
  example: 'kind: Secret\ndata:\n  password: {w16}\n',
  source: 'https://kubernetes.io/docs/concepts/configuration/secret',
};

const ethereum: Detector = {
  kind: 'PRIVATE_KEY',
  category: 'secret',
  anchor: { literals: ['0x'] },
  pattern: /(?<!\w)0x[0-9a-fA-F]{64}(?!\w)/y,
  validate: ({ input, index }) =>
    /priv|wallet|secret|mnemonic|signer/i.test(input.slice(Math.max(0, index - 100), index + 180)),
  longest: 250,
  seesBehind: 128,
  example: 'wallet: 0x{h64}',
  source: 'https://ethereum.org/en/developers/docs/accounts',
};

export const structuredDetectors: readonly Detector[] = [
  jwt,
  encodedJwt,
  pem,
  putty,
  azureClientSecret,
  telegram,
  facebook,
  mailchimp,
  teams,
  openai,
  sidekiq,
  account,
  kubernetes,
  ethereum,
];
