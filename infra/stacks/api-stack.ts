import { Aws, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Method } from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import { isForAdministrators } from '#platform/principal.ts';
import { AdministratorsPolicy } from '../constructs/administrators-policy.ts';
import type { BundleOf } from '../constructs/bundle-of.ts';
import type { Endpoint } from '../constructs/endpoint.ts';
import type { EntryFunction } from '../constructs/entry-function.ts';
import { Gateway } from '../constructs/gateway.ts';
import type { RotatedSecret } from '../constructs/rotation.ts';
import type { State } from '../constructs/state.ts';
import { TableFunction } from '../constructs/table-function.ts';
import { pathOf } from '../routes.ts';
import { slugOf } from '../inventory.ts';
import type { WeirOutputs } from '../outputs.ts';

export interface ApiStackProps extends StackProps {
  readonly stage: string;
  readonly state: State;
  readonly endpoints: readonly Endpoint[];
  readonly routes: readonly BundleOf<'route'>[];
  /** The secrets whose keys are rotated. */
  readonly rotated: readonly RotatedSecret[];
  readonly authorizer: BundleOf<'authorizer'>;
  /** The origin whose pages may read replies. @default none */
  readonly corsOrigin?: string | undefined;
  /** AWS WAF stands before the API. @default false */
  readonly waf?: boolean;
}

/** The REST API with its authorizer, the routes that are no endpoints, and what the command line needs to know. */
export class ApiStack extends Stack {
  readonly gateway: Gateway;
  readonly authorizer: EntryFunction;
  /** What makes a principal of IAM an administrator; absent where no route is for those. */
  readonly administrators: AdministratorsPolicy | undefined;
  /** The one output, `Weir`, as infra/outputs.ts reads it. */
  readonly outputs: CfnOutput;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, { description: 'Weir: REST API', ...props });
    this.authorizer = this.#makeFunction(props.authorizer, props.state);
    this.gateway = new Gateway(this, 'Gateway', {
      stage: props.stage,
      authorizer: this.authorizer,
      authorizerCacheSeconds: props.authorizer.entry.spec.cacheSeconds,
      routeRequestsPerSecond: ratesOf(props.routes),
      corsOrigin: props.corsOrigin,
      waf: props.waf ?? false,
    });
    this.#routeEndpoints(props.endpoints);
    const guardedByIam = this.#routeOthers(props.routes, props.state);
    this.administrators = this.#makeAdministrators(props.stage, guardedByIam);
    if (readsCallers(props.authorizer)) this.#nameApi(this.authorizer);
    this.gateway.answerPreflights();
    this.outputs = this.#makeOutputs(props);
  }

  #routeEndpoints(endpoints: readonly Endpoint[]): void {
    for (const { function: handler, path, spec } of endpoints) {
      const streams = spec.stream !== undefined;
      this.gateway.addRoute({ method: spec.method, path, proof: 'key', streams, handler });
    }
  }

  /** @returns the methods that IAM guards */
  #routeOthers(routes: readonly BundleOf<'route'>[], state: State): Method[] {
    const withKeys = { makes: [] as EntryFunction[], deletes: [] as EntryFunction[] };
    const guardedByIam = routes.flatMap((bundle) => {
      const { method, access, usageKeys } = bundle.entry.spec;
      const handler = this.#makeFunction(bundle, state);
      if (readsCallers(bundle)) this.#nameApi(handler);
      if (usageKeys) withKeys[usageKeys].push(handler);
      const proof = access === 'public' ? 'none' : isForAdministrators(access) ? 'iam' : 'key';
      const route = this.gateway.addRoute({ method, path: pathOf(bundle.entry), proof, streams: false, handler });
      return proof === 'iam' ? [route] : [];
    });
    this.gateway.ratePlans.allow('makes', withKeys.makes);
    this.gateway.ratePlans.allow('deletes', withKeys.deletes);
    return guardedByIam;
  }

  /** Who knows callers must know in which API's plans they are. */
  #nameApi({ lambda }: EntryFunction): void {
    lambda.addEnvironment('WEIR_API_ID', this.gateway.api.restApiId);
  }

  #makeAdministrators(stage: string, methods: readonly Method[]): AdministratorsPolicy | undefined {
    return methods.length === 0 ? undefined : new AdministratorsPolicy(this, 'Administrators', { stage, methods });
  }

  #makeFunction(bundle: BundleOf<'route'> | BundleOf<'authorizer'>, { tables }: State): EntryFunction {
    return new TableFunction(this, slugOf(bundle.entry.name), { bundle, tables });
  }

  #makeOutputs({ stage, state, endpoints, rotated }: ApiStackProps): CfnOutput {
    const queues = endpoints.flatMap(({ function: { entryName }, queues: own }) =>
      own ? [[entryName, { url: own.work.queueUrl, resultsUrl: own.results.queueUrl }] as const] : [],
    );
    const outputs: WeirOutputs = {
      apiUrl: `https://${this.gateway.api.restApiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}/${stage}`,
      region: Aws.REGION,
      tables: {
        cache: state.tables.cache.tableName,
        ledger: state.tables.ledger.tableName,
        budgets: state.tables.budgets.tableName,
        callers: state.tables.callers.tableName,
        jobs: state.tables.jobs.tableName,
      },
      secrets: Object.fromEntries([...state.secrets].map(([name, { id }]) => [name, id])),
      ...(state.identities.size > 0 && { keyless: [...state.identities.keys()] }),
      rotation: {
        adminSecret: state.adminSecret.id,
        projects: Object.fromEntries(rotated.map(({ name, project }) => [name, project])),
      },
      queues: Object.fromEntries(queues),
      ...(this.administrators && { administratorsPolicy: this.administrators.arn }),
    };
    return new CfnOutput(this, 'Weir', { description: 'For npm run weir', value: this.toJsonString(outputs) });
  }
}

function readsCallers({ entry: { spec } }: BundleOf<'route'> | BundleOf<'authorizer'>): boolean {
  return [...spec.reads, ...('writes' in spec ? spec.writes : [])].includes('callers');
}

/** What routes take a second where their specs say so, by path and method. */
function ratesOf(routes: ApiStackProps['routes']): Record<string, number> {
  const limited = routes.flatMap(({ entry: { spec } }) =>
    spec.requestsPerSecond === undefined ? [] : [[`${spec.path}/${spec.method}`, spec.requestsPerSecond] as const],
  );
  return Object.fromEntries(limited);
}
