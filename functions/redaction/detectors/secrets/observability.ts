import { tokens } from './token.ts';

/** Keys of monitoring, analytics and identity services. */
export const observabilityDetectors = [
  // https://grafana.com/docs/grafana/latest/administration/service-accounts
  ...tokens('GRAFANA_TOKEN', 'glsa_{w32}_{H8}', 'glc_{b32-400}', 'eyJrIjoi{b60-400}'),
  // https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients
  ...tokens('DYNATRACE_TOKEN', 'dt0(c|s)01.{w24}.{w64}', 'dt0s(02|16).{w8}.{w64}'),
  // https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys
  ...tokens(
    'NEW_RELIC_KEY',
    'NRAK-{u27}',
    'NR(JS|BR)-{h19}',
    'NRAK-{l27}',
    'NRI(I|Q)-{s32}',
    'NRRA-{H42}',
    'NRAA-{h27}',
  ),
  // https://docs.sentry.io/account/auth-tokens
  ...tokens('SENTRY_TOKEN', 'sntrys_{b80-600}', 'sntry(u|a|i)_{h64}'),
  // https://docs.honeycomb.io
  ...tokens('HONEYCOMB_KEY', 'hc(aik|aic|bik)_{l58}'),
  // https://posthog.com/docs/api
  ...tokens('POSTHOG_KEY', 'ph(x|c|s)_{w40-48}'),
  // https://launchdarkly.com/docs/home/account/api
  ...tokens('LAUNCHDARKLY_KEY', 'sdk-{uuid}', 'mob-{uuid}', 'api-{uuid}'),
  // https://docs.logz.io
  ...tokens('LOGZ_TOKEN', 'logzio-{w32}'),
  // https://betterstack.com/docs
  ...tokens('BETTER_STACK_TOKEN', 'btsk_{w24-40}'),
  // https://rootly.com
  ...tokens('ROOTLY_KEY', 'rootly_{h64}'),
  // https://authress.io
  ...tokens('AUTHRESS_KEY', 'sc_{l5-30}.{l4-6}.acc_{s10-32}.{b30-120}', 'sc_{l5-30}.{l4-6}.acc_{l10-32}.{s30-120}'),
  // https://clerk.com/docs
  ...tokens('CLERK_KEY', 'ak_{w32}'),
  // https://workos.com/docs
  ...tokens('WORKOS_KEY', 'sk_example_{w40-80}'),
  // https://stytch.com/docs
  ...tokens('STYTCH_KEY', 'secret-(test|live)-{s36}'),
  // https://age-encryption.org/v1
  ...tokens('AGE_KEY', 'AGE-SECRET-KEY-1{u58}', 'AGE-PLUGIN-{u4-20}-1{u58-400}'),
  // https://docs.withpersona.com
  ...tokens('PERSONA_KEY', 'persona_(production|sandbox)_{s30-60}'),
];
