import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { WorkloadIdentity } from '#platform/config.ts';
import type { TableDefinition } from '../tables.ts';

/** What outlives a deployment, as the other stacks know it. */
export interface State {
  readonly tables: Readonly<Record<TableDefinition['name'], Table>>;
  /** By the name that specs use (`openai`). */
  readonly secrets: ReadonlyMap<string, UpstreamSecret>;
  /** As whom OpenAI knows the functions of those names that have no secret. */
  readonly identities: ReadonlyMap<string, WorkloadIdentity>;
  /** The secret with OpenAI's admin key, which rotation alone may read. */
  readonly adminSecret: UpstreamSecret;
  /** Where notices go. */
  readonly notices: ITopic;
}

/** A secret that holds an OpenAI key. */
export interface UpstreamSecret {
  /** Its name in Secrets Manager, known before it is deployed: `weir/prod/openai`. */
  readonly id: string;
  readonly arn: string;
}

/** @throws Error when no such secret was made: a fault of the stacks, not of who deploys */
export function secretNamed({ secrets }: Pick<State, 'secrets'>, name: string): UpstreamSecret {
  const secret = secrets.get(name);
  if (!secret) throw new Error(`there is no secret ${name}, only ${[...secrets.keys()].join(', ')}`);
  return secret;
}
