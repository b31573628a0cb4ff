import { slugOf, type Entry } from '../inventory.ts';
import type { WeirOutputs } from '../outputs.ts';
import type { EndpointQueues } from './endpoint-queues.ts';

/** Where the parts of this machine are. */
export interface LocalParts {
  readonly endpoints: {
    readonly dynamodb: string;
    readonly secretsmanager: string;
    readonly sqs: string;
    /** Absent: nobody manages callers. */
    readonly apigateway?: string;
  };
  /** Secret ids by the name that specs use. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What keys are rotated. @default none */
  readonly rotation?: NonNullable<WeirOutputs['rotation']>;
  readonly queues: ReadonlyMap<string, EndpointQueues>;
  readonly catalogFile: string;
  /** Absent: nobody asks for the docs page. */
  readonly docsFile?: string;
  readonly openaiBaseUrl: string | undefined;
  /** The origin whose pages may read replies. @default none */
  readonly corsOrigin?: string | undefined;
  /** One of this machine's own keys has a caller's form and no checksum of it: none is looked at. @default false */
  readonly takesAnyKey?: boolean;
}

/** The environment that the entry's function would have on AWS, with this machine's parts in it. */
export function functionEnvironment({ name, spec }: Entry, parts: LocalParts): Record<string, string | undefined> {
  const queues = parts.queues.get(name);
  return {
    WEIR_ENTRY: name,
    AWS_LAMBDA_FUNCTION_NAME: `weir-${slugOf(name)}`,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_API_GATEWAY: parts.endpoints.apigateway,
    AWS_ENDPOINT_URL_DYNAMODB: parts.endpoints.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: parts.endpoints.secretsmanager,
    AWS_ENDPOINT_URL_SQS: parts.endpoints.sqs,
    OPENAI_BASE_URL: parts.openaiBaseUrl,
    WEIR_CATALOG_FILE: parts.catalogFile,
    WEIR_DOCS_FILE: parts.docsFile,
    // There is no IAM here.
    WEIR_ADMINISTRATORS: 'key',
    WEIR_CORS_ORIGIN: parts.corsOrigin,
    ...(parts.takesAnyKey && { WEIR_ANY_KEY: 'true' }),
    ...(spec.kind === 'endpoint' && { WEIR_OPENAI_SECRET_ID: parts.secrets[spec.secret] }),
    ...(spec.kind === 'rotation' &&
      parts.rotation && {
        WEIR_OPENAI_ADMIN_SECRET_ID: parts.rotation.adminSecret,
        WEIR_ROTATED_SECRETS: JSON.stringify(projectsById(parts.rotation, parts.secrets)),
      }),
    ...(queues && {
      WEIR_QUEUE_URL: queues.url,
      WEIR_DEAD_LETTER_QUEUE_URL: queues.deadLetterUrl,
      WEIR_RESULT_QUEUES: JSON.stringify({ [`${name}-results`]: queues.resultsUrl }),
    }),
  };
}

/** The OpenAI project of each secret that is rotated, by the secret's id. */
function projectsById(
  { projects }: NonNullable<LocalParts['rotation']>,
  secrets: LocalParts['secrets'],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(projects).flatMap(([name, project]) => {
      const id = secrets[name];
      return id === undefined ? [] : [[id, project] as const];
    }),
  );
}
