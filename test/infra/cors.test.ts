import { beforeAll, expect, test } from 'vitest';
import type { Bundle } from '#infra/bundle/bundle-entries.ts';
import { routedEntries } from '#infra/routes.ts';
import { routesOf } from './deployed-routes.ts';
import { bundleAll, createApp, Deployment } from './deployment.ts';

const ORIGIN = 'https://app.example';

let bundles: Bundle[];
let open: Deployment;
let closed: Deployment;
beforeAll(async () => {
  ({ bundles } = await bundleAll());
  open = new Deployment(createApp(bundles, { context: { corsOrigin: ORIGIN } }));
  closed = new Deployment(createApp(bundles));
}, 120_000);

const withoutOptions = (deployment: Deployment) =>
  [...routesOf(deployment).keys()].filter((route) => !route.startsWith('OPTIONS ')).sort();

test('where an origin is set API Gateway answers preflights by itself, without a key, on every path, for its methods', () => {
  const routes = routesOf(open);
  const paths = new Set(withoutOptions(open).map((route) => route.split(' ')[1]));
  for (const path of paths) {
    const { Properties } = routes.get(`OPTIONS ${path}`)!;
    expect([path, Properties['AuthorizationType']]).toEqual([path, 'NONE']);
    const { Type, ContentHandling, RequestTemplates, IntegrationResponses } = Properties['Integration'];
    // Without the handling API Gateway could not read the request, which it takes for bytes, and would answer 500.
    expect([Type, ContentHandling, RequestTemplates]).toEqual([
      'MOCK',
      'CONVERT_TO_TEXT',
      { 'application/json': '{ "statusCode": 204 }' },
    ]);
    const [{ StatusCode, ResponseParameters }] = IntegrationResponses;
    const methods = ['GET', 'POST', 'PUT', 'DELETE'].filter((method) => routes.has(`${method} ${path}`));
    const header = (name: string) => ResponseParameters[`method.response.header.${name}`] as string;
    expect([StatusCode, header('access-control-allow-origin'), header('vary')]).toEqual([
      '204',
      `'${ORIGIN}'`,
      "'origin'",
    ]);
    expect(header('access-control-allow-methods').slice(1, -1).split(', ').sort()).toEqual(methods.sort());
    for (const name of ['authorization', 'content-type', 'idempotency-key', 'x-stainless-retry-count'])
      expect(header('access-control-allow-headers')).toContain(name);
    expect(header('access-control-allow-credentials')).toBeUndefined();
    expect(Object.keys(Properties['MethodResponses'][0].ResponseParameters).sort()).toEqual(
      Object.keys(ResponseParameters).sort(),
    );
  }
});

test('then every function with a route knows the origin, and API Gateway’s own replies name it', () => {
  const routed = new Set(routedEntries(bundles.map(({ entry }) => entry)).map(({ name }) => name));
  for (const { Properties } of open.ofType('AWS::Lambda::Function')) {
    const { WEIR_ENTRY: name, WEIR_CORS_ORIGIN: origin } = Properties['Environment'].Variables;
    expect([name, origin]).toEqual([name, routed.has(name as string) ? ORIGIN : undefined]);
  }
  for (const { Properties } of open.ofType('AWS::ApiGateway::GatewayResponse')) {
    expect(Properties['ResponseParameters']).toMatchObject({
      'gatewayresponse.header.access-control-allow-origin': `'${ORIGIN}'`,
      'gatewayresponse.header.access-control-expose-headers': expect.stringContaining('x-weir-call-id'),
      'gatewayresponse.header.vary': "'origin'",
    });
  }
});

test('where none is set nothing of the deployment speaks of origins, and it is the same otherwise', () => {
  expect(JSON.stringify([...closed.templates.values()])).not.toMatch(/access-control|CORS_ORIGIN|"OPTIONS"/i);
  expect(withoutOptions(closed)).toEqual(withoutOptions(open));
});

test.each([
  '*',
  'null',
  'app.example',
  'https://app.example/',
  'https://app.example/path',
  'http://app.example',
  'https://a.example https://b.example',
  'https://*.example',
  "https://it's.example",
  'https://user@app.example',
  'HTTPS://APP.EXAMPLE',
  '',
])('an origin such as %j is refused at synth, with what it must be', (corsOrigin) => {
  expect(() => createApp(bundles, { context: { corsOrigin } })).toThrow(
    /^corsOrigin must be one origin such as https:\/\/app\.example, but /,
  );
});

test('I7 every reply of API Gateway’s own bears the headers of security, preflights too', () => {
  const wanted = {
    'cache-control': "'no-store'",
    'content-security-policy': "'default-src 'none'; frame-ancestors 'none''",
    'referrer-policy': "'no-referrer'",
    'strict-transport-security': "'max-age=31536000; includeSubDomains'",
    'x-content-type-options': "'nosniff'",
  };
  const named = (prefix: string) =>
    Object.fromEntries(Object.entries(wanted).map(([name, value]) => [prefix + name, value]));
  for (const deployment of [open, closed]) {
    const answers = deployment.ofType('AWS::ApiGateway::GatewayResponse');
    const types = answers.map(({ Properties }) => Properties['ResponseType'] as string);
    expect(types).toEqual(
      expect.arrayContaining([
        'DEFAULT_4XX',
        'DEFAULT_5XX',
        'THROTTLED',
        'UNAUTHORIZED',
        'WAF_FILTERED',
        'REQUEST_TOO_LARGE',
      ]),
    );
    for (const { Properties } of answers)
      expect(Properties['ResponseParameters']).toMatchObject(named('gatewayresponse.header.'));
  }
  for (const [route, { Properties }] of routesOf(open)) {
    if (!route.startsWith('OPTIONS ')) continue;
    expect(Properties['Integration'].IntegrationResponses[0].ResponseParameters).toMatchObject(
      named('method.response.header.'),
    );
  }
});
