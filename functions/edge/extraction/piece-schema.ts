import { isNull, type GrowingNode, type SchemaNode } from './schema-node.ts';

/** How what several pieces of a text gave for one schema becomes one value. */
export type Merging =
  | { readonly kind: 'members'; readonly object: SchemaNode }
  | { readonly kind: 'items' }
  /** The first that there is, as it is: a text, a number, one of several alternatives. */
  | { readonly kind: 'whole' };

/** Which of the ways a schema's values are merged in, behind references and a union with null. */
export function mergingOf(node: SchemaNode): Merging {
  const inner = behind(node);
  if (inner) return mergingOf(inner);
  const types = (node.types ?? []).filter((type) => type !== 'null');
  const isObject = node.types ? types.length === 1 && types[0] === 'object' : node.properties !== undefined;
  if (isObject && node.properties) return { kind: 'members', object: node };
  const isArray = node.types ? types.length === 1 && types[0] === 'array' : node.items !== undefined;
  return { kind: isArray ? 'items' : 'whole' };
}

/** What a reference, or a union of one schema with null, is about. */
function behind({ ref, anyOf = [], oneOf = [] }: SchemaNode): SchemaNode | undefined {
  if (ref) return ref;
  const some = [...anyOf, ...oneOf].filter((each) => !isNull(each));
  return some.length === 1 ? some[0] : undefined;
}

/**
 * The schema of what one piece of a text gives: as much as it has. Along what is merged nothing is required and no list has a
 * least length, or the model would have to invent what stands in another piece. What is taken whole, an item of a list
 * too, is whole in one piece or not there.
 */
export function pieceSchema(root: SchemaNode): SchemaNode {
  const made = new Map<SchemaNode, SchemaNode>();
  const ofPiece = (node: SchemaNode): SchemaNode => {
    const known = made.get(node);
    if (known) return known;
    const piece: GrowingNode = { ...node };
    made.set(node, piece);
    if (node.ref) piece.ref = ofPiece(node.ref);
    if (behind(node) && node.anyOf) piece.anyOf = node.anyOf.map(ofPiece);
    if (behind(node) && node.oneOf) piece.oneOf = node.oneOf.map(ofPiece);
    const { kind } = mergingOf(node);
    if (kind === 'members' && node.properties) {
      delete piece.required;
      piece.properties = new Map([...node.properties].map(([name, member]) => [name, ofPiece(member)]));
    }
    if (kind === 'items') delete piece.minItems;
    return piece;
  };
  const piece = ofPiece(root);
  return mergingOf(root).kind === 'whole'
    ? { path: root.path, anyOf: [piece, { path: root.path, types: ['null'] }] }
    : piece;
}
