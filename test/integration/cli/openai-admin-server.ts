import { serveJson, type Answered, type Received } from './loopback-server.ts';

export interface OpenAiAdminServer {
  /** What the SDK takes as its base URL. */
  readonly baseUrl: string;
  readonly requests: readonly Received[];
}

export interface OpenAiAdminOptions {
  readonly adminKey: string;
  /** Projects and their limits, in cents. */
  readonly projects: Readonly<Record<string, number | undefined>>;
  /** Answers in place of the routes. */
  readonly instead?: Answered;
}

/** OpenAI's admin API, as far as the spend limits of projects go. */
export async function startOpenAiAdmin(options: OpenAiAdminOptions): Promise<OpenAiAdminServer> {
  const limits = new Map(Object.entries(options.projects));
  const { url, requests } = await serveJson(({ method, path, key, body }) => {
    if (options.instead) return options.instead;
    if (key !== options.adminKey) {
      return refusal(401, 'invalid_api_key', `Incorrect API key provided: ${key?.slice(0, 12)}***${key?.slice(-4)}.`);
    }
    const project = /^\/v1\/organization\/projects\/([^/]+)\/spend_limit$/.exec(path)?.[1] ?? '';
    if (!limits.has(project)) return refusal(404, null, `No such project: ${project}`);
    if (method === 'POST') limits.set(project, (body as { threshold_amount: number }).threshold_amount);
    const cents = limits.get(project);
    if (cents === undefined) return refusal(404, null, `${project} has no spend limit`);
    const limit = { object: 'project.spend_limit', threshold_amount: cents, currency: 'USD', interval: 'month' };
    return { status: 200, body: { ...limit, enforcement: { status: 'inactive' } } };
  });
  return { baseUrl: `${url}/v1`, requests };
}

/** An error as OpenAI words it. The SDK is told not to repeat it, for it would sleep before it does. */
export function refusal(status: number, code: string | null, message: string): Answered {
  const error = { message, type: 'invalid_request_error', param: null, code };
  return { status, body: { error }, headers: { 'x-should-retry': 'false' } };
}
