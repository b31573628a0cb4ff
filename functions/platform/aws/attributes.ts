/** DynamoDB's wire form of a value: the kinds that Weir's tables use. */
export type AttributeValue =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { SS: string[] }
  | { L: AttributeValue[] }
  | { M: Record<string, AttributeValue> };

/** What a stored item may hold. Integers are `bigint` when they are money and `number` when they count. */
export type Storable =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | ReadonlySet<string>
  | readonly Storable[]
  | { readonly [key: string]: Storable | undefined };

/** What reading gives back: every number comes as `bigint`, so that no amount passes through a float. */
export type Stored = string | bigint | boolean | Buffer | Set<string> | Stored[] | { [key: string]: Stored };
export type StoredItem = Record<string, Stored>;

/** A text member of a stored item. @throws TypeError when the item has none: it was not written by Weir */
export function textOf(item: StoredItem, name: string): string {
  const value = item[name];
  if (typeof value !== 'string') throw new TypeError(`a stored item has no text ${name}`);
  return value;
}

/** A list of texts of a stored item. @throws TypeError when the item has none */
export function textsOf(item: StoredItem, name: string): string[] {
  const value = item[name];
  if (!Array.isArray(value)) throw new TypeError(`a stored item has no list ${name}`);
  return value.filter((element) => typeof element === 'string');
}

/** A number of a stored item. @throws TypeError when the item has none */
export function integerOf(item: StoredItem, name: string): bigint {
  const value = item[name];
  if (typeof value !== 'bigint') throw new TypeError(`a stored item has no number ${name}`);
  return value;
}

/** Wire form of one value. @throws TypeError for a number that is not a safe integer: money and counts are integers here */
export function toAttribute(value: Storable): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'bigint') return { N: value.toString() };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value))
      throw new TypeError(`a stored number must be a safe integer, but ${value} was given`);
    return { N: String(value) };
  }
  if (value instanceof Uint8Array) return { B: Buffer.from(value).toString('base64') };
  if (value instanceof Set) return { SS: [...(value as ReadonlySet<string>)] };
  if (Array.isArray(value)) return { L: value.map(toAttribute) };
  return { M: toAttributes(value as { readonly [key: string]: Storable | undefined }) };
}

/** Wire form of an item or of expression values; members that are `undefined` are left out. */
export function toAttributes(item: { readonly [key: string]: Storable | undefined }): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(item)) if (value !== undefined) attributes[name] = toAttribute(value);
  return attributes;
}

/** A value read back. */
export function fromAttribute(attribute: AttributeValue): Stored {
  if ('S' in attribute) return attribute.S;
  if ('N' in attribute) return BigInt(attribute.N);
  if ('B' in attribute) return Buffer.from(attribute.B, 'base64');
  if ('BOOL' in attribute) return attribute.BOOL;
  if ('SS' in attribute) return new Set(attribute.SS);
  if ('L' in attribute) return attribute.L.map(fromAttribute);
  return fromAttributes(attribute.M);
}

/** An item read back. */
export function fromAttributes(attributes: Record<string, AttributeValue>): StoredItem {
  const item: StoredItem = {};
  for (const [name, attribute] of Object.entries(attributes)) item[name] = fromAttribute(attribute);
  return item;
}
