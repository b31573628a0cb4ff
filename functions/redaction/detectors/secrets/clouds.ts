import { tokens } from './token.ts';

/** Keys of clouds, hosts and platforms. */
export const cloudDetectors = [
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
  ...tokens('AWS_ACCESS_KEY', 'A(KI|SI|BI|CC)A{u16}', 'A3T{u17}'),
  // https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html
  ...tokens('AWS_BEDROCK_KEY', 'ABSK{b109-269}'),
  // https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html
  ...tokens('AWS_BEDROCK_KEY', 'bedrock-api-key-{b20-4096}'),
  // https://developer-docs.amazon.com/sp-api
  ...tokens('AWS_MWS_TOKEN', 'amzn.mws.{uuid}'),
  // https://developer.amazon.com/docs/login-with-amazon
  ...tokens('AMAZON_OAUTH_SECRET', 'amzn1.oa2-cs.v1.{h64}'),
  // https://cloud.google.com/docs/authentication/api-keys
  ...tokens('GOOGLE_API_KEY', 'AIza{s35}'),
  // https://developers.google.com/identity/protocols/oauth2
  ...tokens('GOOGLE_OAUTH_SECRET', 'GOCSPX-{s28}'),
  // https://developers.google.com/identity/protocols/oauth2
  ...tokens('GOOGLE_OAUTH_TOKEN', 'ya29.{s20-400}'),
  // https://developers.google.com/identity/protocols/oauth2
  ...tokens('GOOGLE_REFRESH_TOKEN', '1//0{s40-100}'),
  // https://cloud.google.com/storage/docs/authentication/hmackeys
  ...tokens('GOOGLE_STORAGE_KEY', 'GOOG1E{u57}', 'GOOG{u20}'),
  // https://docs.digitalocean.com/reference/api
  ...tokens('DIGITALOCEAN_TOKEN', 'do(p|o|r)_v1_{h64}'),
  // https://devcenter.heroku.com/articles/authentication
  ...tokens('HEROKU_KEY', 'HRKU-{s36-64}'),
  // https://www.alibabacloud.com/help/en/ram
  ...tokens('ALIBABA_KEY', 'LTAI{w12-30}'),
  // https://www.tencentcloud.com/document/product/598
  ...tokens('TENCENT_KEY', 'AKID{w32}'),
  // https://cloud.ibm.com/docs/account
  ...tokens('IBM_KEY', 'ApiKey-{uuid}'),
  // https://yandex.cloud/en/docs/iam/concepts/authorization
  ...tokens('YANDEX_KEY', 't1.{e20-200}.{e86}', 'AQVN{s35-38}', 'YCAJ{s25-40}', 'YC{s38}'),
  // https://developers.cloudflare.com/fundamentals/api
  ...tokens('CLOUDFLARE_TOKEN', 'cf(at|ut|k)_{w48}', 'v1.0-{h24}-{h146}'),
  // https://fly.io/docs/security/tokens
  ...tokens('FLY_TOKEN', 'fo1_{s43}', 'fm(1r|1a|2)_{b100-600}'),
  // https://vercel.com/docs/rest-api
  ...tokens('VERCEL_TOKEN', 'vc(p|i|a|r|k)_{w24-80}', 'vercel_blob_rw_{s40-80}'),
  // https://docs.netlify.com/api
  ...tokens('NETLIFY_TOKEN', 'nf(p|c|o|u)_{w36-40}'),
  // https://render.com/docs/api
  ...tokens('RENDER_KEY', 'rnd_{w32}'),
  // https://developers.scalingo.com
  ...tokens('SCALINGO_TOKEN', 'tk-us-{s48}'),
  // https://docs.openshift.com
  ...tokens('OPENSHIFT_TOKEN', 'sha256~{s43}'),
  // https://supabase.com/docs/guides/api/api-keys
  ...tokens('SUPABASE_KEY', 'sbp_{h40}', 'sbp_v0_{h40}', 'sb_secret_{s20-60}'),
  // https://planetscale.com/docs
  ...tokens('PLANETSCALE_TOKEN', 'pscale_(tkn|oauth|pw)_{e32-64}'),
  // https://neon.tech/docs/manage/api-keys
  ...tokens('NEON_KEY', 'napi_{w40-80}', 'npg_{w12-24}'),
  // https://clickhouse.com/docs/cloud/manage/openapi
  ...tokens('CLICKHOUSE_KEY', '4b1d{w38}'),
  // https://docs.databricks.com/en/dev-tools/auth/pat.html
  ...tokens('DATABRICKS_TOKEN', 'dapi{H32}', 'dose{H32}', 'dkea{H32}', 'dapi{H32}-{d1}'),
  // https://upstash.com/docs
  ...tokens('UPSTASH_KEY', 'gQAA{s40-80}'),
  // https://tailscale.com/kb/1277/key-prefixes
  ...tokens('TAILSCALE_KEY', 'tskey-{s12-100}'),
  // https://ngrok.com/docs
  ...tokens('NGROK_KEY', 'ak_{w27}', 'cr_{w27}'),
  // https://docs.defined.net
  ...tokens('DEFINED_NETWORKING_TOKEN', 'dnkey-{e26}-{e52}'),
];
