import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gatewayProblem } from '#infra/constructs/gateway-problems.ts';
import type { HttpReply } from '#edge/http-call.ts';
import { createAuthorizer } from '#infra/local/authorizer.ts';
import { readBody, targetOf, toEvent } from '#infra/local/gateway-event.ts';
import { send } from '#infra/local/gateway-reply.ts';
import { hostFunction, type HostedFunction } from '#infra/local/lambda-host.ts';
import { createRouteTable } from '#infra/local/route-table.ts';
import type { WeirOutputs } from '#infra/outputs.ts';
import { isRouted } from '#infra/routes.ts';
import { isForAdministrators } from '#platform/principal.ts';
import { verifySignature } from './signature.ts';
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts';
import { plainAnswers } from './plain-answers.ts';
import { startWeir, type Weir } from './weir.ts';
import { systemClock, type Clock } from '#platform/clock.ts';

/** Somebody whom IAM knows. */
export interface IamUser {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly arn: string;
  /** Has the policy that the deployment makes. */
  readonly isAdministrator: boolean;
}

export const REGION = 'eu-central-1';

/** A made-up user of IAM, with credentials that open nothing anywhere. */
export function iamUser(name: string, isAdministrator: boolean): IamUser {
  const id = randomUUID().replaceAll('-', '').toUpperCase();
  return {
    accessKeyId: ['AK', 'IA', id.slice(0, 16)].join(''),
    secretAccessKey: randomUUID(),
    arn: `arn:aws:iam::111122223333:user/${name}`,
    isAdministrator,
  };
}

/**
 * A deployment as its callers meet it: the REST API's stage in front of the real handlers, of which those for administrators are guarded
 * by IAM (signatures are checked) and the others by the real authorizer. What it refuses it refuses with the deployment's own gateway
 * responses. It lives on the real clock, as signatures do.
 */
export class DeployedGateway implements AsyncDisposable {
  readonly url: string;
  readonly weir: Weir<Clock>;
  readonly upstream: ScriptedUpstream;
  /** Every request that came, with the status of its reply. */
  readonly requests: { readonly method: string; readonly path: string; readonly status: number }[] = [];
  readonly #close: () => Promise<void>;

  constructor(url: string, weir: Weir<Clock>, upstream: ScriptedUpstream, close: () => Promise<void>) {
    this.url = url;
    this.weir = weir;
    this.upstream = upstream;
    this.#close = close;
  }

  /** What `cdk deploy` would have written of it. */
  get outputs(): WeirOutputs {
    const { tables } = this.weir.platform.config;
    const { audit: _audit, ...named } = tables;
    return {
      apiUrl: this.url,
      region: REGION,
      tables: named,
      secrets: { openai: 'weir/openai' },
      queues: {},
      administratorsPolicy: `arn:aws:iam::111122223333:policy/weir-prod-administrators-${REGION}`,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.weir[Symbol.asyncDispose]();
    await this.upstream.stop();
  }
}

/** Starts one. @param users whom IAM knows */
export async function startDeployedGateway(users: readonly IamUser[]): Promise<DeployedGateway> {
  const upstream = await startScriptedUpstream();
  upstream.otherwise(plainAnswers);
  const variables = { WEIR_ADMINISTRATORS: 'iam' };
  const weir = await startWeir<Clock>({ baseUrl: upstream.baseUrl, clock: systemClock, variables });
  const functions = weir.entries.map((entry) =>
    hostFunction(entry, entry.handler.bindTo({ name: entry.name, platform: weir.platform }), systemClock),
  );
  const answer = createAnswer(functions, users);
  const server = createServer((request, response) => {
    const serve = async () => {
      const reply = await answer(request);
      gateway.requests.push({ method: request.method!, path: request.url!, status: reply.statusCode });
      send(response, reply);
    };
    void serve();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${STAGE}`;
  const gateway = new DeployedGateway(url, weir, upstream, async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return gateway;
}

const STAGE = 'prod';

function createAnswer(functions: readonly HostedFunction[], users: readonly IamUser[]) {
  const findRoute = createRouteTable(functions);
  const authorizer = functions.find(({ entry }) => entry.spec.kind === 'authorizer')!;
  const authorize = createAuthorizer(authorizer, 60, systemClock);

  const provenBy = async (request: IncomingMessage, path: string, body: Buffer, isForIam: boolean) => {
    if (isForIam) {
      const signed = { method: request.method!, target: request.url!, headers: request.headers as SignedHeaders, body };
      const secretOf = (id: string) => users.find(({ accessKeyId }) => accessKeyId === id)?.secretAccessKey;
      const verdict = verifySignature(signed, { secretOf, region: REGION, nowMs: Date.now() });
      if ('refused' in verdict) return verdict.refused;
      const user = users.find(({ accessKeyId }) => accessKeyId === verdict.accessKeyId)!;
      return user.isAdministrator ? { identity: { userArn: user.arn } } : 'ACCESS_DENIED';
    }
    const decision = await authorize(request.headers.authorization, request.method!, path);
    if (decision.outcome === 'allowed') return { authorizer: decision.context };
    return decision.outcome === 'forbidden' ? 'ACCESS_DENIED' : 'UNAUTHORIZED';
  };

  return async (request: IncomingMessage): Promise<HttpReply> => {
    const requestId = randomUUID();
    const body = await readBody(request, requestId);
    const { path: staged, query } = targetOf(request);
    const path = staged.replace(new RegExp(`^/${STAGE}`), '');
    const route = findRoute(request.method!, path);
    if (!route || !isRouted(route.hosted.entry)) return refusal('MISSING_AUTHENTICATION_TOKEN', requestId);
    const { access } = route.hosted.entry.spec;
    const proven = access === 'public' ? {} : await provenBy(request, path, body, isForAdministrators(access));
    if (typeof proven === 'string') return refusal(proven, requestId);
    const parts = { request, target: { path, query }, route, body, requestId, authorizer: undefined };
    const event = toEvent({ ...parts, receivedMs: Date.now() });
    const told = { ...event, requestContext: { ...event.requestContext, ...proven } };
    return (await route.hosted.invoke(told, requestId)) as HttpReply;
  };
}

type SignedHeaders = Readonly<Record<string, string | undefined>>;

/** With the header that API Gateway gives each reply. */
function refusal(type: string, requestId: string): HttpReply {
  const problem = gatewayProblem(type, requestId);
  return { ...problem, headers: { ...problem.headers, 'x-amzn-requestid': requestId } };
}
