import { InvalidRequest } from '#platform/errors.ts';
import { showName } from '../shown.ts';
import type { Path } from './schema-node.ts';

/** What a caller's schema has that cannot be translated: where, and why. The sentence goes on from the place's name. */
export class SchemaFault extends Error {
  readonly path: Path;

  constructor(path: Path, message: string) {
    super(message);
    this.name = 'SchemaFault';
    this.path = path;
  }

  /** The same as a reply to the caller: `schema.properties.a.not is not supported`. */
  toInvalidRequest(): InvalidRequest {
    const field = showName(['schema', ...this.path].join('.'));
    return new InvalidRequest([{ field, message: `${field} ${this.message}` }]);
  }
}
