import { serveJson, type Answered, type Received } from './loopback-server.ts';

/** A budget as `GET /v1/budgets/{scope}` replies it. */
export interface ServedBudget {
  readonly scope: string;
  readonly window: 'month' | 'day';
  readonly limitUsd: string | null;
  readonly spentUsd: string;
  readonly heldUsd: string;
  readonly resetsAt: string;
  readonly shards?: number;
}

export interface BudgetServer {
  readonly url: string;
  readonly requests: readonly Received[];
}

export interface BudgetServerOptions {
  readonly adminKey: string;
  readonly budgets: readonly ServedBudget[];
  /** Answers in place of the routes. */
  readonly instead?: (request: Received) => Answered | undefined;
}

/** Weir's routes for budgets as their contract has them, with what they keep in memory. */
export async function startBudgetServer({ adminKey, budgets, instead }: BudgetServerOptions): Promise<BudgetServer> {
  let rows = [...budgets];
  const find = (scope: string, window: unknown) => rows.find((row) => row.scope === scope && row.window === window);

  const change = (scope: string, { window, limitUsd, shards }: Partial<ServedBudget>) => {
    const before = find(scope, window);
    if (!before) return problem(404, 'not_found', `${scope} is no scope`);
    const after = { ...before, limitUsd: limitUsd ?? null, ...(shards !== undefined && { shards }) };
    rows = rows.map((row) => (row === before ? after : row));
    return { status: 200, body: after };
  };

  return serveJson((request) => {
    if (instead) return instead(request);
    const { method, path, query, key, body } = request;
    if (key === undefined)
      return problem(401, 'unauthenticated', 'a valid key is required: Authorization: Bearer <key>');
    if (key !== adminKey) return problem(403, 'forbidden', 'only an administrator may do this');
    const [, version, name, segment, ...more] = path.split('/');
    if (version !== 'v1' || name !== 'budgets' || more.length > 0) return problem(404, 'not_found', 'no such route');
    if (segment === undefined) return { status: 200, body: { budgets: rows } };
    const scope = decodeURIComponent(segment);
    if (method === 'PUT') return change(scope, body as Partial<ServedBudget>);
    const found = find(scope, new URLSearchParams(query).get('window') ?? 'month');
    return found ? { status: 200, body: found } : problem(404, 'not_found', `${scope} is no scope`);
  });
}

export function problem(status: number, code: string, detail: string): Answered {
  const type = `urn:weir:problem:${code.replaceAll('_', '-')}`;
  const body = { type, title: code, status, code, detail, requestId: '3f0c6f5e-0000-4000-8000-1d7e5a2b9c44' };
  return { status, body, headers: { 'content-type': 'application/problem+json' } };
}
