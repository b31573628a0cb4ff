import { restEvent } from '#test/support/lambda-events.ts';
import type { Target } from './targets.ts';

/** What the authorizer is said to have said. */
export interface Said {
  readonly callerId: string;
  readonly roles: string;
}

type Members = Readonly<Record<string, string>> | null;

/** What may differ from a target's good request. Absent: it is as there. */
export interface EventChange {
  readonly nowMs: number;
  readonly method?: string | undefined;
  readonly headers?: Members;
  readonly query?: Members;
  readonly parameters?: Members | undefined;
  readonly body?: string | null;
  readonly isBase64?: boolean;
}

/** A request in an event as the gateway makes it. @param said undefined: what opens the target; null: nobody was asked */
export function eventOf(target: Target, said: Said | null | undefined, change: EventChange): object {
  const { access, path, spec, name, body } = target;
  const { nowMs, isBase64 = false } = change;
  const template = (spec.path ?? `/v1/${name}`).split('/');
  const sent = path.split('/');
  const values = template.flatMap((segment, at): [string, string][] =>
    segment.startsWith('{') ? [[segment.slice(1, -1), sent[at] ?? '']] : [],
  );
  const own = values.length > 0 ? Object.fromEntries(values) : null;
  const asIs = body === undefined ? null : JSON.stringify(body);
  const event = restEvent({
    method: change.method ?? target.method,
    path,
    resource: template.join('/'),
    pathParameters: change.parameters === undefined ? own : change.parameters,
    headers: change.headers ?? {},
    query: change.query === undefined ? target.query : change.query,
    body: change.body === undefined ? asIs : change.body,
    isBase64,
    authorizer: said === undefined ? { callerId: 'ada', roles: access[0] ?? 'caller' } : said,
    requestId: 'attack-1',
    requestTimeMs: nowMs,
  });
  return change.headers === null ? { ...event, headers: null } : event;
}
