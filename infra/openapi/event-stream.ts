import { streamEvents } from '#edge/sse-events.ts';
import { jsonSchema } from './json-schema.ts';

type Schema = Readonly<Record<string, unknown>>;

const DONE = jsonSchema(streamEvents.done, 'output');

/** The events that are the same on every endpoint. */
export const EVENT_SCHEMAS = {
  TextEvent: event('text', jsonSchema(streamEvents.text, 'output')),
  ErrorEvent: event('error', { $ref: '#/components/schemas/Problem' }),
};

/**
 * A stream of an endpoint's as a media type: its schema is that of each event, with `data` parsed (OpenAPI 3.1 has no word
 * for a sequence of them).
 * @param output schema of the endpoint's output, which the last event has whole
 */
export function eventStreamOf(output: Schema) {
  const data = { ...DONE, properties: { ...(DONE['properties'] as object), output } };
  return {
    schema: {
      description: DESCRIPTION,
      oneOf: [
        { $ref: '#/components/schemas/TextEvent' },
        event('done', data),
        { $ref: '#/components/schemas/ErrorEvent' },
      ],
    },
  };
}

const DESCRIPTION =
  'Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), each of one of these forms, its data ' +
  'in JSON: `text` any number of times, then one `done` or `error`. A stream that ends without either was cut. Lines that ' +
  'begin with a colon are comments, which keep the connection open.';

function event(name: keyof typeof streamEvents, data: Schema) {
  const { description } = streamEvents[name];
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    required: ['event', 'data'],
    properties: { event: { type: 'string', const: name }, data },
  };
}
