/** An error of Weir's API as its problem document (RFC 9457) tells it. */
export interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly requestId?: string;
}

/** Reads a problem document; `{}` for what a gateway or a proxy says. */
export function parseProblem(text: string): Problem {
  try {
    return (JSON.parse(text) as Problem | null) ?? {};
  } catch {
    return {};
  }
}
