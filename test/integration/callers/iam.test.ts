import aws4 from 'aws4';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pathOf, routedEntries } from '#infra/routes.ts';
import {
  iamUser,
  REGION,
  startDeployedGateway,
  type DeployedGateway,
  type IamUser,
} from '#test/support/deployed-gateway.ts';

const ada = iamUser('ada', true);
const visitor = iamUser('visitor', false);

let gateway: DeployedGateway;
beforeAll(async () => {
  gateway = await startDeployedGateway([ada, visitor]);
});
afterAll(() => gateway[Symbol.asyncDispose]());

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask({ method = 'GET', path, body, headers = {} }: Asked) {
  const reply = await fetch(gateway.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: reply.status, json: (await reply.json()) as Readonly<Record<string, unknown>> };
}

/** Signs as whoever it is. @param change what becomes of the signed request on its way */
async function askSigned(
  user: Pick<IamUser, 'accessKeyId' | 'secretAccessKey'>,
  asked: Asked,
  change: Partial<Asked> = {},
  region = REGION,
) {
  const { method = 'GET', path, body, headers = {} } = asked;
  const url = new URL(gateway.url + path);
  const text = body ? JSON.stringify(body) : '';
  const whole = {
    service: 'execute-api',
    region,
    host: url.host,
    path: url.pathname + url.search,
    method,
    headers: {},
    body: text,
  };
  const signed = Object.entries(aws4.sign(whole, user).headers).map(([name, value]) => [name.toLowerCase(), value]);
  const { host: _host, 'content-length': _length, ...proof } = Object.fromEntries(signed) as Record<string, string>;
  return ask({ ...asked, ...change, headers: { ...proof, ...headers, ...change.headers } });
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const SHOP = { id: 'shop', endpoints: ['summarize'] };

test('A1 who signs and has the policy manages callers, and the trail names who it was', async () => {
  const made = await askSigned(ada, { method: 'POST', path: '/v1/callers', body: SHOP });
  expect([made.status, (made.json['caller'] as { createdBy: string }).createdBy]).toEqual([201, ada.arn]);
  const { json } = await askSigned(ada, { path: '/v1/audit' });
  expect(json['entries']).toMatchObject([
    { by: ada.arn, action: 'caller.create', subject: 'caller:shop', outcome: 'done' },
  ]);

  const key = made.json['key'] as string;
  const text = { text: 'A weir is a low wall.' };
  expect((await ask({ method: 'POST', path: '/v1/summarize', body: text, headers: bearer(key) })).status).toBe(200);
  const scope = await askSigned(ada, { path: '/v1/budgets/endpoint%3Asummarize?window=month' });
  expect([scope.status, scope.json['scope']]).toEqual([200, 'endpoint:summarize']);
});

test('A1 a signature that is not right is refused, whatever is wrong with it, and nothing is done', async () => {
  const wrong = { ...ada, secretAccessKey: `${ada.secretAccessKey.slice(0, -1)}x` };
  const lost = { method: 'POST', path: '/v1/callers', body: { id: 'lost' } };
  const forbidden = [403, 'forbidden'];
  const refused = async (asking: Promise<{ status: number; json: Readonly<Record<string, unknown>> }>) => {
    const { status, json } = await asking;
    return [status, json['code']];
  };
  expect(await refused(askSigned(wrong, lost))).toEqual(forbidden);
  expect(await refused(askSigned(iamUser('nobody', true), lost))).toEqual(forbidden);
  expect(await refused(askSigned(visitor, lost))).toEqual(forbidden);
  expect(await refused(askSigned(ada, lost, {}, 'us-east-1'))).toEqual(forbidden);
  expect(await refused(askSigned(ada, lost, { body: { id: 'other' } }))).toEqual(forbidden);
  expect(await refused(askSigned(ada, { path: '/v1/callers/shop' }, { path: '/v1/callers' }))).toEqual(forbidden);
  expect(await refused(askSigned(ada, lost, { headers: { 'x-amz-date': '20200101T000000Z' } }))).toEqual(forbidden);
  expect(await refused(ask(lost))).toEqual([404, 'not_found']);
  const list = (await askSigned(ada, { path: '/v1/callers' })).json['callers'] as { id: string }[];
  expect(list.map(({ id }) => id)).toEqual(['shop']);
});

/** A route that administrators alone may use, of the inventory. */
const forAdministrators = () =>
  routedEntries(gateway.weir.entries).filter(
    ({ spec }) => spec.access !== 'public' && spec.access.includes('administrator'),
  );

test('A4 no key opens a route of IAM’s: not at the gateway, and not at the function, whatever a gateway says', async () => {
  const { json } = await askSigned(ada, {
    method: 'POST',
    path: '/v1/callers',
    body: { id: 'all', roles: ['caller', 'finance'] },
  });
  expect(forAdministrators().map(pathOf)).toEqual(expect.arrayContaining(['/v1/callers', '/v1/budgets', '/v1/audit']));
  for (const { name, spec, ...entry } of forAdministrators()) {
    const path = pathOf({ name, spec, ...entry }).replaceAll(/\{\w+\}/g, 'shop');
    const body = spec.method === 'GET' || spec.method === 'DELETE' ? {} : { body: {} };
    const reply = await ask({ method: spec.method, path, ...body, headers: bearer(json['key'] as string) });
    expect([name, reply.status, reply.json['code']]).toEqual([name, 400, 'invalid_request']);

    const params = { id: 'shop', scope: 'account', keyId: 'key_1' };
    const options = { roles: ['administrator', 'finance', 'caller'], params } as const;
    const send = {
      GET: () => gateway.weir.get(name, {}, options),
      DELETE: () => gateway.weir.delete(name, options),
      POST: () => gateway.weir.post(name, {}, options),
      PUT: () => gateway.weir.put(name, {}, options),
    };
    expect([name, (await send[spec.method]()).status]).toEqual([name, 401]);
  }
});

test('A4 and no signature opens another route, not even one that the function is told of', async () => {
  for (const { name, spec } of routedEntries(gateway.weir.entries)) {
    if (spec.access === 'public' || spec.access.includes('administrator')) continue;
    const signed = { caller: null, signedBy: ada.arn };
    const reply = spec.method === 'GET' ? gateway.weir.get(name, {}, signed) : gateway.weir.post(name, {}, signed);
    expect([name, (await reply).status]).toEqual([name, 401]);
  }
  expect((await askSigned(ada, { path: '/v1/spend' })).status).toBe(401);
});

test('A1 what a caller sends makes nobody an administrator', async () => {
  for (const name of ['x-amzn-userarn', 'userarn', 'x-apigateway-identity', 'x-amz-user-arn']) {
    expect(
      (await gateway.weir.get('security/list-callers', {}, { caller: null, headers: { [name]: ada.arn } })).status,
    ).toBe(401);
  }
  for (const signedBy of ['', 'root', 'arn:aws:iam::1:user/x', `arn:aws:s3:::${ada.arn}`, `${ada.arn} x`]) {
    expect((await gateway.weir.get('security/list-callers', {}, { caller: null, signedBy })).status).toBe(401);
  }
});

test('A4 no key is made that looks as if it made an administrator, and one of before makes none', async () => {
  const wish = { id: 'root', roles: ['caller', 'administrator'] };
  const { status, json } = await askSigned(ada, { method: 'POST', path: '/v1/callers', body: wish });
  expect([status, json['detail']]).toEqual([
    400,
    expect.stringContaining('administrators sign with IAM, and no key makes one'),
  ]);
  const change = { method: 'PUT', path: '/v1/callers/shop', body: { roles: ['administrator'] } };
  expect((await askSigned(ada, change)).status).toBe(400);

  const { toCallerItem } = await import('#edge/caller-key.ts');
  const key = ['an', 'old', 'administrator'].join('-');
  const { dynamo, config } = gateway.weir.platform;
  await dynamo.put(
    config.tables.callers,
    toCallerItem(key, { id: 'old', roles: ['administrator', 'finance'], endpoints: [] }),
  );
  expect((await ask({ path: '/v1/spend', headers: bearer(key) })).status).toBe(200);
  expect((await ask({ path: '/v1/callers', headers: bearer(key) })).status).toBe(400);

  // API Gateway is told of what the key opens, and of nothing else.
  const methodArn = 'arn:aws:execute-api:eu-central-1:111122223333:api/prod/GET/v1/spend';
  const event = { type: 'TOKEN', authorizationToken: `Bearer ${key}`, methodArn };
  expect(await gateway.weir.invoke('security/authorize-caller', event)).toMatchObject({
    policyDocument: { Statement: [{ Effect: 'Allow', Resource: [methodArn] }] },
    context: { roles: 'finance' },
  });
});
