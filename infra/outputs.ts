import { readFile } from 'node:fs/promises';
import * as z from 'zod';

/**
 * What a running Weir tells the command line: where it is and what its parts are called. `cdk deploy --outputs-file` writes
 * it for a deployment (one JSON text under the output `Weir` of the API's stack), `npm start` for this machine.
 */
const outputsSchema = z.object({
  /** Base URL of the API, without a slash at its end. */
  apiUrl: z.url(),
  region: z.string(),
  tables: z.object({
    cache: z.string(),
    ledger: z.string(),
    budgets: z.string(),
    callers: z.string(),
    jobs: z.string(),
  }),
  /** Secret ids by the name that specs use (`openai`). */
  secrets: z.record(z.string(), z.string()),
  /** Names that specs use for a secret, and that have none: their functions prove who they are instead. */
  keyless: z.array(z.string()).optional(),
  /** The secret of OpenAI's admin key, and the OpenAI project of each secret whose keys are rotated. */
  rotation: z.object({ adminSecret: z.string(), projects: z.record(z.string(), z.string()) }).optional(),
  /** Queue URLs by endpoint, of those that have a queue. */
  queues: z.record(z.string(), z.object({ url: z.url(), resultsUrl: z.url() })),
  /** The ARN of the policy of IAM that makes somebody an administrator; absent where a key does. */
  administratorsPolicy: z.string().optional(),
  /** Endpoints that stand in for AWS's own; absent on AWS. */
  awsEndpoints: z.object({ dynamodb: z.url(), secretsmanager: z.url(), sqs: z.url() }).optional(),
  /** What stands in OpenAI's place; absent where its own API is used. */
  upstream: z.object({ baseUrl: z.url(), simulated: z.boolean() }).optional(),
});
export type WeirOutputs = z.infer<typeof outputsSchema>;

/** Where `npm start` leaves its outputs, in its data folder. */
export const LOCAL_OUTPUTS_FILE = 'outputs.json';
/** Where `npm run deploy` leaves them. */
export const DEPLOYED_OUTPUTS_FILE = 'cdk-outputs.json';

/**
 * Reads an outputs file of either kind.
 * @throws Error that says what to do when the file is missing or is no such file
 */
export async function readOutputs(file: string): Promise<WeirOutputs> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(
      `${file} cannot be read: start Weir (npm start) or deploy it (npm run deploy) first, or name the file with --outputs`,
    );
  });
  const parsed = outputsSchema.safeParse(unwrap(parseJson(text, file)));
  if (!parsed.success) throw new Error(`${file} is not an outputs file of Weir: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** The parser's own message quotes the file. */
function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`${file} is not JSON`);
  }
}

/** `cdk deploy` writes `{stack: {output: text}}`. */
function unwrap(document: unknown): unknown {
  for (const outputs of Object.values((document ?? {}) as Record<string, unknown>)) {
    const text = (outputs as { Weir?: unknown } | null)?.Weir;
    if (typeof text === 'string') return JSON.parse(text) as unknown;
  }
  return document;
}
