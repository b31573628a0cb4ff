import * as z from 'zod';
import { WINDOW_KINDS, type WindowKind } from '#budgets/windows.ts';
import { parseUsd } from '#platform/money.ts';
import { CliFailure, reasonOf, rootOf } from '../failure.ts';
import { parseProblem } from '../problem.ts';
import type { AdminKey } from './admin-key.ts';

/** API Gateway gives up after 29 s; a cold start and the way there are within this. */
const TIMEOUT_MS = 35_000;

const usd = z.string().refine((text) => {
  try {
    return typeof parseUsd(text) === 'bigint';
  } catch {
    return false;
  }
});

/** A budget as the API tells it; members that came later than this command line stay, for machines. */
const budgetSchema = z.looseObject({
  scope: z.string(),
  window: z.enum(WINDOW_KINDS),
  /** Null where there is no limit. */
  limitUsd: usd.nullable(),
  spentUsd: usd,
  heldUsd: usd,
  resetsAt: z.iso.datetime(),
  shards: z.int().optional(),
});
export type Budget = z.infer<typeof budgetSchema>;

const listSchema = z.looseObject({ budgets: z.array(budgetSchema) });

/** What an administrator asks for in a scope. */
export interface BudgetChange {
  readonly window: WindowKind;
  /** Decimal USD; null takes away what was set before. */
  readonly limitUsd: string | null;
  readonly shards?: number;
}

/** Weir's routes for budgets. Each throws a CliFailure that tells in one line what the API says. */
export interface BudgetApi {
  read(scope: string, window: WindowKind): Promise<Budget>;
  /** @returns the budget as it now stands */
  change(scope: string, change: BudgetChange): Promise<Budget>;
  list(): Promise<Budget[]>;
}

interface Asked {
  /** What an error is about. */
  readonly thing: string;
  readonly path: string;
  readonly change?: BudgetChange;
}

export function createBudgetApi(apiUrl: string, key: AdminKey): BudgetApi {
  const ask = async <Output>(asked: Asked, schema: z.ZodType<Output>): Promise<Output> => {
    const { status, text } = await send(apiUrl, key, asked);
    if (status !== 200) throw new CliFailure(refusalOf(asked, status, text, key));
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new CliFailure(`${asked.thing}: ${apiUrl} answered 200, but not with what this command knows as a budget`);
  };
  // A scope is one segment, whatever its endpoint is called (`openai/chat-completions`).
  const pathOf = (scope: string) => `/v1/budgets/${encodeURIComponent(scope)}`;
  return {
    read: (scope, window) => ask({ thing: scope, path: `${pathOf(scope)}?window=${window}` }, budgetSchema),
    change: (scope, change) => ask({ thing: scope, path: pathOf(scope), change }, budgetSchema),
    list: async () => (await ask({ thing: 'budgets', path: '/v1/budgets' }, listSchema)).budgets,
  };
}

async function send(apiUrl: string, key: AdminKey, { thing, path, change }: Asked) {
  const headers = { authorization: `Bearer ${key.value}` };
  try {
    const reply = await fetch(apiUrl + path, {
      ...(change
        ? { method: 'PUT', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(change) }
        : { headers }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: reply.status, text: await reply.text() };
  } catch (error) {
    const wasSent = (rootOf(error as Error) as NodeJS.ErrnoException).code !== 'ECONNREFUSED';
    throw new CliFailure(`${thing}: no answer (${reasonOf(error)})${change && wasSent ? UNSURE : ''}`);
  }
}

const UNSURE = '; the limit may have changed all the same: see budgets show';

/** What the API says, in one line. */
function refusalOf({ thing, change }: Asked, status: number, text: string, key: AdminKey): string {
  const { code, detail, requestId } = parseProblem(text);
  const said = code === undefined ? `${status} without a reason` : `${status} ${code}: ${detail ?? ''}`;
  const request = requestId === undefined ? '' : ` (request id ${requestId})`;
  const doubt = status === 401 || status === 403 ? `; the administrator's key came from ${key.from}` : '';
  return `${thing}: ${said}${request}${doubt}${change && status >= 500 ? UNSURE : ''}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
