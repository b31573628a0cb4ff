import type * as z from 'zod';
import { parseInput } from '../parse-input.ts';
import type { HttpMiddleware } from '../http-middleware.ts';

/** Replaces the parsed body, or the query of a route without one, by what the schema makes of it. */
export default function validateInput(schema: z.ZodType, from: 'body' | 'query'): HttpMiddleware {
  return {
    before(request) {
      const call = request.event;
      call.input = parseInput(schema, from === 'body' ? call.input : { ...call.query });
    },
  };
}
