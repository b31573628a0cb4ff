import { inPlace, type GrowingNode, type Path, type SchemaNode } from './schema-node.ts';
import { isClaimed, readKeyword } from './read-keyword.ts';
import { SchemaFault } from './schema-fault.ts';

/** What the caller gave, by name. */
export type RawSchema = Readonly<Record<string, unknown>>;

/**
 * Reads a caller's JSON Schema (draft 2020-12), as far as anything refers to it. Keywords that are not claimed are refused by
 * name: one that was passed over would be a promise that nobody keeps.
 *
 * @throws SchemaFault
 */
export function readSchema(document: RawSchema): SchemaNode {
  const reading = new Reading(document);
  const root = reading.at([], document);
  refuseEndless([...reading.nodes]);
  return root;
}

/** One reading of a document: each place becomes one node, however many refer to it. */
class Reading {
  readonly #document: RawSchema;
  readonly #known = new Map<string, SchemaNode>();

  constructor(document: RawSchema) {
    this.#document = document;
  }

  get nodes(): Iterable<SchemaNode> {
    return this.#known.values();
  }

  at(path: Path, given: unknown): SchemaNode {
    const key = JSON.stringify(path);
    const known = this.#known.get(key);
    if (known) return known;
    const node: GrowingNode = { path };
    this.#known.set(key, node);
    if (given === false) node.isNever = true;
    if (typeof given === 'boolean') return node;
    if (!isRecord(given)) throw new SchemaFault(path, 'must be a schema: an object, true or false');
    for (const [name, value] of Object.entries(given)) {
      if (!isClaimed(name)) throw new SchemaFault([...path, name], 'is not supported');
      readKeyword(name, value, node, {
        path: [...path, name],
        schemaAt: (steps, raw) => this.at(steps, raw),
        refer: (to) => this.#refer(to, [...path, name]),
      });
    }
    return node;
  }

  /** What a reference stands for: `#`, or `#/` and a JSON pointer (RFC 6901) into the same document. */
  #refer(reference: string, path: Path): SchemaNode {
    if (reference !== '#' && !reference.startsWith('#/')) {
      throw new SchemaFault(path, 'must refer to a place in the same schema, such as #/$defs/name');
    }
    const steps = reference.split('/').slice(1).map(unescaped);
    let target: unknown = this.#document;
    for (const step of steps) {
      const isThere = target !== null && typeof target === 'object' && Object.hasOwn(target, step);
      if (!isThere) throw new SchemaFault(path, 'refers to a place that the schema does not have');
      target = (target as RawSchema)[step];
    }
    return this.at(steps, target);
  }
}

function unescaped(step: string): string {
  let decoded = step;
  try {
    decoded = decodeURIComponent(step);
  } catch {
    // A lone percent sign stands for itself.
  }
  return decoded.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** A node that judges a value by itself, with nothing between, has no end. */
function refuseEndless(nodes: readonly SchemaNode[]): void {
  const done = new Set<SchemaNode>();
  const under = new Set<SchemaNode>();
  const visit = (node: SchemaNode): void => {
    if (done.has(node)) return;
    if (under.has(node)) throw new SchemaFault(node.path, 'refers to itself without end');
    under.add(node);
    for (const next of inPlace(node)) visit(next);
    under.delete(node);
    done.add(node);
  };
  for (const node of nodes) visit(node);
}

function isRecord(value: unknown): value is RawSchema {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
