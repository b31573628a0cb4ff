/** What API Gateway takes as a path: plain segments, and parameters that are a whole one. */
export const ROUTE_PATH = /^(?:\/(?:[\w.:-]+|\{[A-Za-z]\w*\}))+$/;

/** Names of a path's parameters, in their order: `/v1/budgets/{scope}` → `scope`. */
export function parametersOf(path: string): string[] {
  return path.split('/').flatMap((segment) => parameterIn(segment) ?? []);
}

/** The parameter that a segment of a path is: `{scope}` → `scope`; undefined where it is a plain one. */
export function parameterIn(segment: string): string | undefined {
  return /^\{(.*)\}$/.exec(segment)?.[1];
}
