import * as z from 'zod';
import { ConfigurationError } from './errors.ts';
import type { AdministratorsBy } from './principal.ts';

const text = z.string().min(1);

/** A map of texts, as JSON. */
const textMap = z
  .string()
  .transform((json, context) => {
    try {
      return JSON.parse(json) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.string()));

/** OpenAI's ids of an identity provider and of a service account. */
const WORKLOAD_IDENTITY = /^[\w-]+\/[\w-]+$/;

const environment = z.object({
  AWS_REGION: text.default('us-east-1'),
  AWS_ACCESS_KEY_ID: text.optional(),
  AWS_SECRET_ACCESS_KEY: text.optional(),
  AWS_SESSION_TOKEN: text.optional(),
  AWS_ENDPOINT_URL: text.optional(),
  AWS_ENDPOINT_URL_API_GATEWAY: text.optional(),
  AWS_ENDPOINT_URL_DYNAMODB: text.optional(),
  AWS_ENDPOINT_URL_SECRETS_MANAGER: text.optional(),
  AWS_ENDPOINT_URL_SNS: text.optional(),
  AWS_ENDPOINT_URL_SQS: text.optional(),
  AWS_ENDPOINT_URL_STS: text.optional(),
  AWS_LAMBDA_FUNCTION_NAME: text.default('local'),
  AWS_LAMBDA_FUNCTION_VERSION: text.default('local'),
  OPENAI_BASE_URL: text.optional(),
  WEIR_API_ID: text.default('local'),
  WEIR_ENTRY: text.optional(),
  WEIR_CACHE_TABLE: text.default('weir-cache'),
  WEIR_LEDGER_TABLE: text.default('weir-ledger'),
  WEIR_BUDGETS_TABLE: text.default('weir-budgets'),
  WEIR_CALLERS_TABLE: text.default('weir-callers'),
  WEIR_AUDIT_TABLE: text.default('weir-audit'),
  WEIR_JOBS_TABLE: text.default('weir-jobs'),
  WEIR_OPENAI_SECRET_ID: text.default('weir/openai'),
  WEIR_WORKLOAD_IDENTITY: z
    .string()
    .regex(WORKLOAD_IDENTITY, 'must be <identity provider>/<service account>')
    .optional(),
  WEIR_OPENAI_TOKEN_URL: text.default('https://auth.openai.com/oauth/token'),
  WEIR_OPENAI_ADMIN_SECRET_ID: text.default('weir/openai-admin'),
  WEIR_OPENAI_ADMIN_BASE_URL: text.optional(),
  WEIR_ROTATED_SECRETS: textMap.optional(),
  WEIR_QUEUE_URL: text.optional(),
  WEIR_DEAD_LETTER_QUEUE_URL: text.optional(),
  WEIR_MAX_RECEIVES: z.coerce.number().int().min(1).max(1000).default(3),
  WEIR_RESULT_QUEUES: textMap.optional(),
  WEIR_NOTICE_TOPIC_ARN: text.optional(),
  WEIR_ADMINISTRATORS: z.enum(['iam', 'key']).default('iam'),
  WEIR_CORS_ORIGIN: text.optional(),
  WEIR_ANY_KEY: z.enum(['true', 'false']).default('false'),
  WEIR_CATALOG_FILE: text.default('/var/task/catalog.json'),
  WEIR_DOCS_FILE: text.default('/var/task/docs.json'),
});

type Environment = z.infer<typeof environment>;

/** Both ids are OpenAI's. */
export interface WorkloadIdentity {
  readonly identityProviderId: string;
  readonly serviceAccountId: string;
}

/** Everything that a function is told from outside, parsed once and frozen. */
export interface Config {
  /** The entry's name (`summarize`, `openai/chat-completions`); absent until the inventory or `WEIR_ENTRY` binds it. */
  readonly entry: string | undefined;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  };
  /** Endpoints that stand in for AWS's own (`AWS_ENDPOINT_URL_<SERVICE>`, then `AWS_ENDPOINT_URL`). */
  readonly endpoints: {
    readonly apigateway?: string | undefined;
    readonly dynamodb?: string | undefined;
    readonly secretsmanager?: string | undefined;
    readonly sns?: string | undefined;
    readonly sqs?: string | undefined;
    readonly sts?: string | undefined;
  };
  /** API Gateway's id of the REST API in front. */
  readonly apiId: string;
  readonly openaiBaseUrl: string;
  readonly openaiSecretId: string;
  /** Instead of a stored key: as whom OpenAI knows the function's role. Absent: the key is in the secret. */
  readonly workloadIdentity?: WorkloadIdentity;
  /** Where a proof of who the function is becomes a token. */
  readonly openaiTokenUrl: string;
  /** What rotation needs beside. */
  readonly rotation: {
    /** The secret with the admin key, which mints keys and revokes them. */
    readonly adminSecretId: string;
    readonly adminBaseUrl: string;
    /** The OpenAI project of each secret whose keys are rotated, by the secret's id. */
    readonly projects: Readonly<Record<string, string>>;
  };
  readonly tables: {
    readonly cache: string;
    readonly ledger: string;
    readonly budgets: string;
    readonly callers: string;
    readonly audit: string;
    readonly jobs: string;
  };
  readonly queue: {
    /** The endpoint's own queue. */
    readonly url: string | undefined;
    readonly deadLetterUrl: string | undefined;
    /** After this many receives a message goes to the dead-letter queue. */
    readonly maxReceives: number;
    /** Results may go to these queues only: name → URL. */
    readonly resultUrls: Readonly<Record<string, string>>;
  };
  /** The SNS topic for notices to people; absent: they are log lines only. */
  readonly noticeTopicArn: string | undefined;
  /** How administrators prove themselves: to AWS's IAM, or, on a machine without one, by a key. Never by either. */
  readonly administratorsBy: AdministratorsBy;
  /** The origin whose pages may read replies; absent: none. */
  readonly corsOrigin: string | undefined;
  /** A key of a caller's form counts whatever its checksum: on a machine whose own keys are set by hand. */
  readonly takesAnyKey: boolean;
  /** The inventory's data file: what a function needs to know of all specs. */
  readonly catalogFile: string;
  /** The data file of the docs page: itself, and what it loads. */
  readonly docsFile: string;
}

/** The environment of this process, parsed. The only place in the product that reads `process.env`. */
export function configFromProcess(): Config {
  return parseConfig(process.env);
}

/** @throws ConfigurationError that names the variable, never its value */
export function parseConfig(variables: Readonly<Record<string, string | undefined>>): Config {
  const parsed = environment.safeParse(variables);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigurationError(`the environment is wrong: ${faults.join('; ')}`);
  }
  return Object.freeze(toConfig(parsed.data));
}

function toConfig(env: Environment): Config {
  const openaiBaseUrl = env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1';
  return {
    entry: env.WEIR_ENTRY,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    region: env.AWS_REGION,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      sessionToken: env.AWS_SESSION_TOKEN,
    },
    endpoints: {
      apigateway: env.AWS_ENDPOINT_URL_API_GATEWAY ?? env.AWS_ENDPOINT_URL,
      dynamodb: env.AWS_ENDPOINT_URL_DYNAMODB ?? env.AWS_ENDPOINT_URL,
      secretsmanager: env.AWS_ENDPOINT_URL_SECRETS_MANAGER ?? env.AWS_ENDPOINT_URL,
      sns: env.AWS_ENDPOINT_URL_SNS ?? env.AWS_ENDPOINT_URL,
      sqs: env.AWS_ENDPOINT_URL_SQS ?? env.AWS_ENDPOINT_URL,
      sts: env.AWS_ENDPOINT_URL_STS ?? env.AWS_ENDPOINT_URL,
    },
    apiId: env.WEIR_API_ID,
    openaiBaseUrl,
    openaiSecretId: env.WEIR_OPENAI_SECRET_ID,
    ...(env.WEIR_WORKLOAD_IDENTITY && { workloadIdentity: parseWorkloadIdentity(env.WEIR_WORKLOAD_IDENTITY) }),
    openaiTokenUrl: env.WEIR_OPENAI_TOKEN_URL,
    rotation: {
      adminSecretId: env.WEIR_OPENAI_ADMIN_SECRET_ID,
      adminBaseUrl: env.WEIR_OPENAI_ADMIN_BASE_URL ?? openaiBaseUrl,
      projects: env.WEIR_ROTATED_SECRETS ?? {},
    },
    tables: {
      cache: env.WEIR_CACHE_TABLE,
      ledger: env.WEIR_LEDGER_TABLE,
      budgets: env.WEIR_BUDGETS_TABLE,
      callers: env.WEIR_CALLERS_TABLE,
      audit: env.WEIR_AUDIT_TABLE,
      jobs: env.WEIR_JOBS_TABLE,
    },
    queue: {
      url: env.WEIR_QUEUE_URL,
      deadLetterUrl: env.WEIR_DEAD_LETTER_QUEUE_URL,
      maxReceives: env.WEIR_MAX_RECEIVES,
      resultUrls: env.WEIR_RESULT_QUEUES ?? {},
    },
    noticeTopicArn: env.WEIR_NOTICE_TOPIC_ARN,
    administratorsBy: env.WEIR_ADMINISTRATORS,
    corsOrigin: env.WEIR_CORS_ORIGIN,
    takesAnyKey: env.WEIR_ANY_KEY === 'true',
    catalogFile: env.WEIR_CATALOG_FILE,
    docsFile: env.WEIR_DOCS_FILE,
  };
}

function parseWorkloadIdentity(pair: string): WorkloadIdentity {
  const [identityProviderId = '', serviceAccountId = ''] = pair.split('/');
  return { identityProviderId, serviceAccountId };
}
