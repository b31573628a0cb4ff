import type { Path } from './schema-node.ts';

/** Where a member stands in a value (RFC 6901): `/items/0/name`. The whole value is the empty pointer. */
export function jsonPointer(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
