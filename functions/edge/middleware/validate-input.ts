import type * as z from 'zod';
import { parseInput } from '../parse-input.ts';
import type { HttpMiddleware } from '../http-middleware.ts';

/**
 * Puts what the schema makes of the parsed body in its place (`input`), or of the query with the path's parameters beside them
 * (`validQuery`). A parameter of the path counts before one of the query: the path is what was authorized.
 */
export default function validateInput(schema: z.ZodType, from: 'body' | 'query'): HttpMiddleware {
  return {
    before(request) {
      const call = request.event;
      if (from === 'body') call.input = parseInput(schema, call.input);
      else call.validQuery = parseInput(schema, { ...call.query, ...call.parameters });
    },
  };
}
