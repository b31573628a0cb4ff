import { tokens } from './token.ts';

/** Keys of payment, shop, messaging, mail and office services. */
export const businessDetectors = [
  // https://api.slack.com/authentication/token-types
  ...tokens(
    'SLACK_TOKEN',
    'xox(b|p|a|o|r|s|e|c)-{s16-250}',
    'xoxd-{s16-400}',
    'xoxe.xox(b|p)-{s20-400}',
    'x(ap|wf)p-{s20-250}',
  ),
  // https://api.slack.com/messaging/webhooks
  ...tokens('SLACK_WEBHOOK', 'hooks.slack.com/services/{b20-80}', 'hooks.slack.com/(workflow|trigger)s/{b30-120}'),
  // https://docs.stripe.com/keys
  ...tokens('STRIPE_KEY', '(sk_live|sk_test|sk_prod|rk_live|rk_test|rk_prod)_{w10-250}', 'whsec_{b32-64}'),
  // https://developer.squareup.com/docs/build-basics/access-tokens
  ...tokens('SQUARE_TOKEN', 'sq0(at|cs)p-{s22-60}', 'sq0idp-{s22}', 'EAAA{s60}', 'EAAAE{s55-60}', 'EAAAl{s59}'),
  // https://developer.paypal.com/api/rest/authentication
  ...tokens('PAYPAL_TOKEN', 'access_token$(production|sandbox)${l16}${h32}'),
  // https://shopify.dev/docs/apps/build/authentication-authorization
  ...tokens('SHOPIFY_TOKEN', 'shp(at|ca|pa|ss|ua|tka|it)_{w32-48}'),
  // https://plaid.com/docs/api
  ...tokens('PLAID_TOKEN', 'access-(sandbox|development|production)-{uuid}'),
  // https://docs.adyen.com/development-resources/api-credentials
  ...tokens('ADYEN_KEY', 'AQE{w5}{b40-200}'),
  // https://razorpay.com/docs/api
  ...tokens('RAZORPAY_KEY', 'rzp_(live|test)_{w14}'),
  // https://developer.flutterwave.com
  ...tokens('FLUTTERWAVE_KEY', 'FLWSECK_TEST-{H12}', 'FLW(SECK_TEST|PUBK_TEST|SECK|PUBK)-{H32}-X'),
  // https://docs.easypost.com
  ...tokens('EASYPOST_KEY', 'EZ(A|T)K{w54}'),
  // https://docs.goshippo.com
  ...tokens('SHIPPO_TOKEN', 'shippo_(live|test)_{H40}'),
  // https://duffel.com/docs
  ...tokens('DUFFEL_TOKEN', 'duffel_(live|test)_{e43}'),
  // https://docs.lob.com
  ...tokens('LOB_KEY', '(live|test)_pub_{h31}', 'live_{h35}', 'test_{h35}'),
  // https://developer.gocardless.com
  ...tokens('GOCARDLESS_TOKEN', 'live_{s40}', 'sandbox_{s40}'),
  // https://documentation.mailgun.com
  ...tokens('MAILGUN_KEY', 'key-{h32}', 'pubkey-{h32}'),
  // https://www.twilio.com/docs/sendgrid
  ...tokens('SENDGRID_KEY', 'SG.{s16-32}.{s16-64}'),
  // https://developers.brevo.com
  ...tokens('BREVO_KEY', 'x(key|smtp)sib-{h64}-{w16}'),
  // https://resend.com/docs
  ...tokens('RESEND_KEY', 're_{w8}_{w24}'),
  // https://developers.mailersend.com
  ...tokens('MAILERSEND_KEY', 'mlsn.{h64}'),
  // https://www.twilio.com/docs/iam/api-keys
  ...tokens('TWILIO_KEY', 'SK{h32}', 'AC{h32}'),
  // https://support.atlassian.com/atlassian-account
  ...tokens('ATLASSIAN_TOKEN', 'AT(A|S)TT3{e60-400}', 'ATOA{e60-300}'),
  // https://developers.linear.app
  ...tokens('LINEAR_KEY', 'lin_api_{w32-48}', 'lin_oauth_{w32-80}'),
  // https://developers.notion.com/docs/authorization
  ...tokens('NOTION_TOKEN', 'ntn_{d11}{w35}', 'secret_{w43}'),
  // https://airtable.com/developers/web/guides/personal-access-tokens
  ...tokens('AIRTABLE_TOKEN', 'pat{w14}.{h64}'),
  // https://www.figma.com/developers/api
  ...tokens('FIGMA_TOKEN', 'fig(d|u|or|oh)_{s36-64}'),
  // https://www.contentful.com/developers/docs
  ...tokens('CONTENTFUL_TOKEN', 'CFPAT-{s43}'),
  // https://developers.hubspot.com/docs/apps
  ...tokens('HUBSPOT_TOKEN', 'pat-(na|eu)1-{uuid}'),
  // https://www.typeform.com/developers
  ...tokens('TYPEFORM_TOKEN', 'tfp_{s40-44}_{w14}', 'tfp_{e59}'),
  // https://docs.mapbox.com/help/getting-started/access-tokens
  ...tokens('MAPBOX_TOKEN', '(s|p)k.eyJ1{s60-120}.{s22}', 'pk.{l60}.{l22}'),
  // https://developer.frame.io
  ...tokens('FRAMEIO_TOKEN', 'fio-u-{e64}'),
  // https://api.intra.42.fr/apidoc
  ...tokens('INTRA42_SECRET', 's-s4t2(ud|af)-{h64}'),
  // https://console.settlemint.com/documentation
  ...tokens('SETTLEMINT_TOKEN', 'sm_(a|p|s)at_{w16}'),
  // https://developer.adobe.com/developer-console/docs
  ...tokens('ADOBE_SECRET', 'p8e-{H32}'),
  // https://www.getbeamer.com/api
  ...tokens('BEAMER_TOKEN', 'b_{e44}'),
  // https://docs.apify.com
  ...tokens('APIFY_TOKEN', 'apify_api_{w36}'),
  // https://core.telegram.org/bots/api
  ...tokens('TELEGRAM_WEBHOOK', 'api.telegram.org/bot{d8-12}:{s35}'),
  // https://discord.com/developers/docs/resources/webhook
  ...tokens(
    'DISCORD_WEBHOOK',
    'discord.com/api/webhooks/{d17-20}/{s60-70}',
    'discordapp.com/api/webhooks/{d17-20}/{s60-70}',
  ),
  // https://zapier.com/help
  ...tokens('ZAPIER_WEBHOOK', 'hooks.zapier.com/hooks/catch/{d5-10}/{w6-12}'),
  // https://developers.facebook.com/docs/facebook-login/guides/access-tokens
  ...tokens('FACEBOOK_TOKEN', 'EAAC{w90-300}', 'EAAM{w90-300}', 'EAA{w90-300}', 'IGQV{s80-250}'),
];
