import { createRequire } from 'node:module';

const standIn: unknown = createRequire(import.meta.url)('./lambda-global.cjs');

/**
 * Puts a stand-in for Lambda's global where there is none: a streaming entry looks for it as it is imported, and Middy's streaming
 * mode as the handler is made.
 */
export function provideLambdaGlobals(): void {
  const scope = globalThis as { awslambda?: unknown };
  scope.awslambda ??= standIn;
}
