import type { Deployment, Resource } from './deployment.ts';

/** A statement of a policy, as a template has it. */
export interface PolicyStatement {
  readonly Effect: string;
  readonly Action: unknown;
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

/** One thing that a role may do: `dynamodb:GetItem table-ledger`. */
export type Permission = string;

/** All that a function's role may do, sorted. */
export function reachOf(deployment: Deployment, lambda: Resource): Permission[] {
  const role = roleOf(deployment, lambda);
  const permissions = statementsOf(deployment, role).flatMap(({ Action: actions, Resource: resources }) =>
    listOf(actions).flatMap((action) =>
      listOf(resources).map((resource) => `${String(action)} ${nameOf(deployment, role.stack, resource)}`),
    ),
  );
  return permissions.sort();
}

/** The role that a function runs as. */
export function roleOf(deployment: Deployment, lambda: Resource): Resource {
  return deployment.target(lambda.stack, lambda.Properties['Role']);
}

/** Actions and resources of a role that bear a `*`, and policies of it that are not in the templates. */
export function breadthOf(deployment: Deployment, role: Resource): string[] {
  const wildcards = statementsOf(deployment, role)
    .flatMap(({ Action: actions, Resource: resources }) => listOf(actions).concat(listOf(resources)))
    .filter((part) => JSON.stringify(part).includes('*'))
    .map((part) => deployment.text(role.stack, part));
  const managed = listOf(role.Properties['ManagedPolicyArns'] ?? []).map((arn) => deployment.text(role.stack, arn));
  return [...wildcards, ...managed];
}

/** Every statement of every policy of a role that stands in the templates. */
export function statementsOf(deployment: Deployment, role: Resource): PolicyStatement[] {
  const attached = deployment
    .ofType('AWS::IAM::Policy')
    .filter(({ stack, Properties }) =>
      listOf(Properties['Roles']).some((each) => deployment.target(stack, each) === role),
    );
  const inline = listOf(role.Properties['Policies'] ?? []) as { PolicyDocument: unknown }[];
  const documents = [...attached.map(({ Properties }) => Properties['PolicyDocument']), ...inline.map(documentOf)];
  return documents.flatMap((document) => (document as { Statement: PolicyStatement[] }).Statement);
}

function documentOf({ PolicyDocument: document }: { PolicyDocument: unknown }): unknown {
  return document;
}

function nameOf(deployment: Deployment, stack: string, resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const isJoined = 'Fn::Join' in (resource as object);
  return isJoined ? deployment.text(stack, resource) : deployment.target(stack, resource).path;
}

/** Every statement of every policy in the templates, wherever it stands: of roles, of their trust, of queues and topics. */
export function policiesOf(deployment: Deployment): { resource: Resource; statement: PolicyStatement }[] {
  return deployment.resources.flatMap((resource) =>
    statementsIn(resource.Properties).map((statement) => ({ resource, statement })),
  );
}

function statementsIn(value: unknown): PolicyStatement[] {
  if (typeof value !== 'object' || value === null) return [];
  const { Statement: statements } = value as { Statement?: unknown };
  if (statements !== undefined) return listOf(statements) as PolicyStatement[];
  return Object.values(value).flatMap(statementsIn);
}

/** A property that may be one value or several. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
