import { streamWish } from '#edge/stream-wish.ts';
import { jsonSchema } from './json-schema.ts';

type Schema = Readonly<Record<string, unknown>>;

/** The schema of an endpoint's body with the fields in it by which a caller asks for a stream, and says when there is enough. */
export function withStreamWish(body: Schema): Schema {
  const { properties } = jsonSchema(streamWish, 'input') as { readonly properties: object };
  return { ...body, properties: { ...(body['properties'] as object | undefined), ...properties } };
}
