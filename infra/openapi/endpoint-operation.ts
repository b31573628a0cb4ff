import type { EndpointSpec } from '#edge/specs.ts';
import { ENDPOINT_ERRORS, errorReplies } from './error-replies.ts';
import { eventStreamOf } from './event-stream.ts';
import { REPLY_HEADERS, requestHeaders } from './headers.ts';
import { jsonSchema } from './json-schema.ts';
import { withStreamWish } from './stream-wish-schema.ts';

/** The operation of one of Weir's own endpoints. */
export function endpointOperation(spec: EndpointSpec) {
  const { input, output, example, stream } = spec;
  const body = jsonSchema(input, 'input');
  const outputSchema = jsonSchema(output, 'output');
  return {
    tags: ['endpoints'],
    security: [{ key: [] }],
    parameters: requestHeaders(spec, spec.stream !== undefined),
    requestBody: {
      required: true,
      content: { 'application/json': { schema: stream ? withStreamWish(body) : body, example } },
    },
    responses: {
      200: {
        description: stream
          ? 'The output; with `stream` as it is made. A stream’s headers come before what they would tell is known: its last event tells it.'
          : 'The output.',
        headers: REPLY_HEADERS,
        content: {
          'application/json': { schema: outputSchema },
          ...(stream && { 'text/event-stream': eventStreamOf(outputSchema) }),
        },
      },
      ...errorReplies(ENDPOINT_ERRORS, spec.errors),
    },
  };
}
