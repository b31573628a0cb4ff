import { Aws, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Readable } from '#edge/specs.ts';
import type { BundleOf } from '../constructs/bundle-of.ts';
import type { Endpoint } from '../constructs/endpoint.ts';
import { EntryFunction } from '../constructs/entry-function.ts';
import { Gateway } from '../constructs/gateway.ts';
import type { State } from '../constructs/state.ts';
import { pathOf } from '../routes.ts';
import { slugOf } from '../inventory.ts';
import type { WeirOutputs } from '../outputs.ts';

export interface ApiStackProps extends StackProps {
  readonly stage: string;
  readonly state: State;
  readonly endpoints: readonly Endpoint[];
  readonly routes: readonly BundleOf<'route'>[];
  readonly authorizer: BundleOf<'authorizer'>;
}

/** The REST API with its authorizer, the routes that are no endpoints, and what the command line needs to know. */
export class ApiStack extends Stack {
  readonly gateway: Gateway;
  readonly authorizer: EntryFunction;
  /** The one output, `Weir`, as infra/outputs.ts reads it. */
  readonly outputs: CfnOutput;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, { description: 'Weir: REST API', ...props });
    this.authorizer = this.#makeReader(props.authorizer, props.state);
    this.gateway = new Gateway(this, 'Gateway', {
      stage: props.stage,
      authorizer: this.authorizer,
      authorizerCacheSeconds: props.authorizer.entry.spec.cacheSeconds,
    });
    this.#routeEndpoints(props.endpoints);
    this.#routeReaders(props.routes, props.state);
    this.outputs = this.#makeOutputs(props);
  }

  #routeEndpoints(endpoints: readonly Endpoint[]): void {
    for (const { function: handler, path, spec } of endpoints) {
      this.gateway.addRoute({ method: spec.method, path, isPublic: false, handler });
    }
  }

  #routeReaders(routes: readonly BundleOf<'route'>[], state: State): void {
    for (const bundle of routes) {
      const { method, access } = bundle.entry.spec;
      const handler = this.#makeReader(bundle, state);
      this.gateway.addRoute({ method, path: pathOf(bundle.entry), isPublic: access === 'public', handler });
    }
  }

  /** A function that reads the tables which its spec names. */
  #makeReader(bundle: BundleOf<'route'> | BundleOf<'authorizer'>, { tables }: State): EntryFunction {
    const { name, spec } = bundle.entry;
    const environment = Object.fromEntries(
      spec.reads.map((table) => [TABLE_VARIABLES[table], tables[table].tableName]),
    );
    const reader = new EntryFunction(this, slugOf(name), { bundle, environment });
    for (const table of spec.reads) reader.allow(tables[table].tableArn, ...READING[table]);
    return reader;
  }

  #makeOutputs({ stage, state, endpoints }: ApiStackProps): CfnOutput {
    const queues = endpoints.map(({ function: { entryName }, queues: { work, results } }) => [
      entryName,
      { url: work.queueUrl, resultsUrl: results.queueUrl },
    ]);
    const outputs: WeirOutputs = {
      apiUrl: `https://${this.gateway.api.restApiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}/${stage}`,
      region: Aws.REGION,
      callersTable: state.tables.callers.tableName,
      secrets: Object.fromEntries([...state.secrets].map(([name, { id }]) => [name, id])),
      queues: Object.fromEntries(queues) as WeirOutputs['queues'],
    };
    return new CfnOutput(this, 'Weir', { description: 'For npm run weir', value: this.toJsonString(outputs) });
  }
}

const TABLE_VARIABLES: Readonly<Record<Readable, string>> = {
  ledger: 'WEIR_LEDGER_TABLE',
  callers: 'WEIR_CALLERS_TABLE',
};

/** How each table is read: the ledger by its days, a caller by its key. */
const READING: Readonly<Record<Readable, readonly string[]>> = {
  ledger: ['dynamodb:Query'],
  callers: ['dynamodb:GetItem'],
};
