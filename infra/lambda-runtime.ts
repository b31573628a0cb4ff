import { createRequire } from 'node:module';

const standIn: object = createRequire(import.meta.url)('./lambda-global.cjs') as object;

/**
 * Puts a stand-in for Lambda's global where there is none: a streaming entry looks for it as it is imported, and Middy's streaming
 * mode as the handler is made. The AWS SDK keeps something of its own under the same name, which stays.
 */
export function provideLambdaGlobals(): void {
  const scope = globalThis as { awslambda?: object };
  scope.awslambda = { ...standIn, ...scope.awslambda };
}
