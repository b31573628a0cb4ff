import { canonicalJson } from '#platform/canonical-json.ts';
import { jsonPointer } from './json-pointer.ts';
import { mergingOf } from './piece-schema.ts';
import type { Path, SchemaNode } from './schema-node.ts';
import type { Piece } from './split-text.ts';

/** What one piece of the text gave. */
export interface Found {
  readonly piece: Piece;
  readonly value: unknown;
}

/** One value of several, and from which piece each of its parts came, by the part's JSON pointer. */
export interface Merged {
  /** Undefined: no piece has any. */
  readonly value: unknown;
  readonly origins: ReadonlyMap<string, Piece>;
}

/**
 * Makes one value of what the pieces of a text gave, in the text's order:
 *
 * - objects member by member;
 * - lists one behind the other; an item that a later piece gives again, equal in all of its members, is left out, for pieces
 *   overlap and texts repeat themselves. What one piece gives twice stays;
 * - of anything else, and of values that have alternatives, the first that is there and not null.
 */
export function mergeFound(schema: SchemaNode, found: readonly Found[]): Merged {
  const origins = new Map<string, Piece>();
  return { value: merge(schema, found, [], origins), origins };
}

function merge(schema: SchemaNode, all: readonly Found[], path: Path, origins: Map<string, Piece>): unknown {
  const found = all.filter(({ value }) => value !== undefined && value !== null);
  const merging = mergingOf(schema);
  if (merging.kind === 'members' && found.length > 0 && found.every(({ value }) => isObject(value))) {
    return mergeMembers(merging.object, found, path, origins);
  }
  if (merging.kind === 'items' && found.length > 0 && found.every(({ value }) => Array.isArray(value))) {
    return mergeItems(found, path, origins);
  }
  const first = found[0] ?? all.find(({ value }) => value !== undefined);
  if (first) origins.set(jsonPointer(path), first.piece);
  return first?.value;
}

function mergeMembers(
  { properties }: SchemaNode,
  found: readonly Found[],
  path: Path,
  origins: Map<string, Piece>,
): unknown {
  const members = [...(properties ?? [])].map(([name, schema]) => {
    const given = found.flatMap(({ piece, value }) => {
      return Object.hasOwn(value as object, name) ? [{ piece, value: (value as Record<string, unknown>)[name] }] : [];
    });
    return [name, merge(schema, given, [...path, name], origins)] as const;
  });
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

function mergeItems(found: readonly Found[], path: Path, origins: Map<string, Piece>): unknown[] {
  const items: unknown[] = [];
  const before = new Set<string>();
  for (const { piece, value } of found) {
    const written = (value as unknown[]).map((item) => canonicalJson(item));
    for (const [index, item] of (value as unknown[]).entries()) {
      if (before.has(written[index] as string)) continue;
      origins.set(jsonPointer([...path, items.length]), piece);
      items.push(item);
    }
    for (const each of written) before.add(each);
  }
  return items;
}

function isObject(value: unknown): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
