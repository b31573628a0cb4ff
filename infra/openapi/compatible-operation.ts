import type * as z from 'zod';
import type { EndpointSpec } from '#edge/specs.ts';
import { ENDPOINT_ERRORS, errorReplies } from './error-replies.ts';
import { REPLY_HEADERS, requestHeaders } from './headers.ts';
import { jsonSchema } from './json-schema.ts';
import { knownOf, referenceOf } from './openai-reference.ts';

/** The operation of an OpenAI-compatible endpoint: OpenAI's own reference tells what request and reply are. */
export function compatibleOperation(spec: EndpointSpec, path: string) {
  const { input, output, example } = spec;
  const externalDocs = referenceOf(path);
  const { request, reply } = knownOf(path);
  const isTold = spec.stream !== undefined && 'stream' in (request.properties ?? {});
  // What a spec says of its own fields goes before what is known of OpenAI's.
  const body = { type: 'object', ...request, ...objectSchema(input, 'input'), externalDocs };
  const replyBody = { type: 'object', ...reply, ...objectSchema(output, 'output'), externalDocs };
  return {
    tags: ['openai'],
    externalDocs,
    security: [{ key: [] }],
    parameters: requestHeaders(spec, isTold),
    requestBody: {
      required: true,
      content: { 'application/json': { schema: body, example } },
    },
    responses: {
      200: {
        description: isTold
          ? 'OpenAI’s reply; with `stream` as it is made. A stream’s headers come before what it cost is known: a comment at its end tells it.'
          : 'OpenAI’s reply.',
        headers: REPLY_HEADERS,
        content: {
          'application/json': { schema: replyBody },
          ...(isTold && { 'text/event-stream': { schema: { type: 'string', description: STREAM, externalDocs } } }),
        },
      },
      ...errorReplies(ENDPOINT_ERRORS, spec.errors),
    },
  };
}

const STREAM =
  'OpenAI’s events as they come. Lines that begin with a colon are comments, which keep the connection open.';

/** That the names of an object's members are texts goes without saying. */
function objectSchema(schema: z.ZodType, io: 'input' | 'output') {
  const { propertyNames: _texts, ...told } = jsonSchema(schema, io);
  return told;
}
