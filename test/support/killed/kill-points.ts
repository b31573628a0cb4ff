/** Requests that were under way together: none of them waited for another's answer. */
export type Step = readonly string[];

/**
 * Where a process is killed. `beside`: the requests that are under way together with that one. They have landed when the
 * process is killed before its request has, and have not when it is killed after: so both extremes are met.
 */
export interface KillPoint {
  /** `before any`: none of the requests that are under way together has landed. */
  readonly when: 'before' | 'after' | 'before any';
  readonly request: string;
  readonly beside: readonly string[];
}

/** Every request of a rehearsal, before and after; and before any, where several are under way together. */
export function pointsOf(steps: readonly Step[]): KillPoint[] {
  return steps.flatMap((step) => [...(step.length > 1 ? [beforeAny(step)] : []), ...step.flatMap(around(step))]);
}

/**
 * The same for writes alone. A read changes nothing, so that a process which is killed around it leaves the tables as one that is
 * killed before the next write: enough where there are many reads, and each kind of them stands in another test.
 */
export function writingPointsOf(steps: readonly Step[]): KillPoint[] {
  return steps.flatMap((step) => {
    const writing = step.filter(writes);
    return [...(writing.length > 1 ? [beforeAny(step)] : []), ...writing.flatMap(around(step))];
  });
}

function beforeAny(step: Step): KillPoint {
  return { when: 'before any', request: step[0]!, beside: step.slice(1) };
}

function around(step: Step) {
  return (request: string): KillPoint[] => {
    const beside = step.filter((other) => other !== request);
    return (['before', 'after'] as const).map((when) => ({ when, request, beside }));
  };
}

/** Whether anything is different when a request has landed. */
export function writes(request: string): boolean {
  return !/^(Get|Query|BatchGet)/.test(request);
}

/** The one point of a rehearsal whose request begins so. @throws when there is none, or are several */
export function pointOf(steps: readonly Step[], when: 'before' | 'after', request: string): KillPoint {
  const found = pointsOf(steps).filter((point) => point.when === when && point.request.startsWith(request));
  if (found.length !== 1) throw new Error(`${found.length} requests begin with ${request}: ${steps.flat().join('; ')}`);
  return found[0]!;
}

export function pointName({ when, request, beside }: KillPoint): string {
  return `${when} ${request}${beside.length > 0 ? ` (of ${beside.length + 1})` : ''}`;
}
