import { confidence, rankChoices, spaced, type Choice, type Ranked } from './labels.ts';
import { merge, recurs, resolve, type JsonSchema, type Schema } from './schema-parts.ts';
import { numberFor, stringFor } from './scalars.ts';
import { firstSentences, sharedStems, stemsOf } from './words.ts';

/** What an answer is made of. */
export interface Material {
  /** The caller's text. */
  text: string;
  /** What the endpoint said about the task; labels may be described in it. */
  instructions: string;
  /** How many sentences a summary has. */
  sentences: number;
}

/** Where in the answer a value stands. */
interface Place extends Material {
  root: Schema;
  /** The references that lead here: one of them again would never end. */
  open: readonly string[];
  /** The property's name. */
  name: string;
  /** Its position in an array. */
  ordinal: number;
  /** How well the label that stands in the same object fits. */
  certainty?: number;
  /** The label that this array item is for. */
  label?: Ranked;
}

const USUAL_ITEMS = 3;

/**
 * A value that satisfies a schema and has to do with the text: labels by the words that they share with it, strings
 * from its sentences, confidences from the strength of the match. An array of objects with an `index` gets one item for
 * each item of a text that is a JSON array. Recursive schemas end at the first repetition that may be left out.
 */
export function fillSchema(schema: JsonSchema, material: Material): unknown {
  const root = schema === true || schema === false ? {} : schema;
  return fill(schema, { ...material, root, name: '', ordinal: 0, open: ['#'] });
}

function fill(schema: JsonSchema, place: Place): unknown {
  const [own, open] = resolve(schema, place);
  const here = { ...place, open };
  if ('const' in own) return own['const'];
  const choices = choicesOf(own, here);
  if (choices) return (place.label ?? rank(choices, here)[0])?.value;
  const branches = (own['anyOf'] ?? own['oneOf']) as Schema[] | undefined;
  if (branches) {
    const { anyOf: _anyOf, oneOf: _oneOf, ...rest } = own;
    return fill(merge(rest, bestBranch(branches, here)), here);
  }
  switch (typeOf(own, here)) {
    case 'null':
      return null;
    case 'boolean':
      return sharedStems(`${spaced(place.name)} ${textOf(own['description'])}`, new Set(stemsOf(place.text))) > 0;
    case 'integer':
    case 'number':
      return numberFor(own, here);
    case 'array':
      return fillArray(own, here);
    case 'object':
      return fillObject(own, here);
    default:
      return stringFor(own, here);
  }
}

function fillObject(schema: Schema, place: Place): Record<string, unknown> {
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
  const required = new Set((schema['required'] as string[] | undefined) ?? []);
  const others = (schema['additionalProperties'] ?? true) as JsonSchema;
  const names = Object.keys(properties).filter((name) => required.has(name) || !recurs(properties[name]!, place));
  for (const name of required) if (!names.includes(name)) names.push(name);
  for (let n = 1; names.length < Number(schema['minProperties'] ?? 0); n++) names.push(`item${n}`);

  const labelled = labelledProperty(properties, place);
  const label = place.label ?? (labelled && rank(labelled.choices, place)[0]);
  const { label: _label, ...inside } = place;
  const values = names.map((name) => {
    const at: Place = { ...inside, name, ...(label && { certainty: confidence(label) }) };
    return [name, fill(properties[name] ?? others, label && name === labelled?.name ? { ...at, label } : at)];
  });
  return Object.fromEntries(values) as Record<string, unknown>;
}

function fillArray(schema: Schema, place: Place): unknown[] {
  const tuple = ((schema['prefixItems'] ?? []) as JsonSchema[]).map((item, ordinal) =>
    fill(item, { ...place, ordinal }),
  );
  const items = (schema['items'] ?? tuple.length === 0) as JsonSchema;
  const min = Math.max(0, Number(schema['minItems'] ?? 0) - tuple.length);
  const max = items === false ? 0 : Number(schema['maxItems'] ?? Infinity) - tuple.length;
  const places = itemPlaces(items, place, min).slice(0, max);
  for (let n = places.length; n < min; n++) places.push(itemPlace(place, n));
  const filled = [...tuple, ...places.map((at) => fill(items, at))];
  return schema['uniqueItems'] === true ? distinct(filled) : filled;
}

/** One place for each item that the array should have. */
function itemPlaces(items: JsonSchema, place: Place, min: number): Place[] {
  if (recurs(items, place)) return [];
  const [item] = resolve(items, place);
  const properties = (item['properties'] ?? {}) as Record<string, JsonSchema>;
  if ('index' in properties) {
    const given = listIn(place.text) ?? [{ index: 0, text: place.text }];
    return given.map(({ index, text }) => itemPlace(place, index, { text }));
  }
  const choices = choicesIn(items, place) ?? labelledProperty(properties, place)?.choices;
  if (choices) {
    const fitting = rank(choices, place).filter(({ strength }, i) => strength > 0 || i < Math.max(1, min));
    return fitting.map((label, ordinal) => itemPlace(place, ordinal, { label }));
  }
  const sentences = firstSentences(place.text, Math.max(min, USUAL_ITEMS));
  return sentences.map((text, ordinal) => itemPlace(place, ordinal, { text }));
}

/** An item has a label of its own, or none. */
function itemPlace(array: Place, ordinal: number, more: Partial<Place> = {}): Place {
  const { label: _label, ...inside } = array;
  return { ...inside, ordinal, ...more };
}

/** The input as a list: `[{"index":0,"text":"…"}]` or `["…"]`, alone or with words around it. */
function listIn(text: string): { index: number; text: string }[] | undefined {
  for (const candidate of [text, text.slice(text.indexOf('['), text.lastIndexOf(']') + 1)]) {
    try {
      const parsed: unknown = JSON.parse(candidate);
      if (!Array.isArray(parsed)) continue;
      return parsed.map((item: unknown, position) => {
        const fields = (typeof item === 'object' && item !== null ? item : {}) as { index?: unknown; text?: unknown };
        const words = fields.text ?? item;
        return {
          index: Number.isInteger(fields.index) ? (fields.index as number) : position,
          text: typeof words === 'string' ? words : JSON.stringify(words),
        };
      });
    } catch {
      // Not JSON: the next candidate, or a text like any other.
    }
  }
  return undefined;
}

function bestBranch(branches: readonly Schema[], place: Place): Schema {
  const ending = branches.filter((branch) => !recurs(branch, place));
  const isLoop = ending.length < branches.length;
  const useful = ending.filter((branch) => branch['type'] !== 'null');
  const offered = isLoop && ending.length > 0 ? ending : useful.length > 0 ? useful : branches;
  const asChoices = offered.map((value) => ({ value, description: JSON.stringify(resolve(value, place)[0]) }));
  const plain = asChoices.map(({ description }, i) => ({ value: i, description }));
  const [best] = rankChoices(plain, place.text, '');
  return best && best.strength > 0 ? offered[best.value as number]! : offered[0]!;
}

/** The values that a schema allows, where it lists them: `enum`, or alternatives that are all constants. */
function choicesOf(own: Schema, place: Place): Choice[] | undefined {
  const description = '';
  if (Array.isArray(own['enum'])) {
    const values: unknown[] = own['enum'];
    const useful = values.some((value) => value !== null) ? values.filter((value) => value !== null) : values;
    return useful.map((value) => ({ value, description }));
  }
  const branches = (own['anyOf'] ?? own['oneOf']) as JsonSchema[] | undefined;
  const constants = branches?.map((branch) => (recurs(branch, place) ? {} : resolve(branch, place)[0]));
  if (!constants || constants.length === 0 || !constants.every((branch) => 'const' in branch)) return undefined;
  return constants.map((branch) => ({ value: branch['const'], description: textOf(branch['description']) }));
}

function choicesIn(schema: JsonSchema, place: Place): Choice[] | undefined {
  return recurs(schema, place) ? undefined : choicesOf(resolve(schema, place)[0], place);
}

function rank(choices: readonly Choice[], place: Place): Ranked[] {
  return rankChoices(choices, place.text, place.instructions);
}

/** The first property that is a label: an object's confidence goes by it. A list of labels counts as its best one. */
function labelledProperty(properties: Record<string, JsonSchema>, place: Place) {
  for (const [name, property] of Object.entries(properties)) {
    if (recurs(property, place)) continue;
    const [own, open] = resolve(property, place);
    const choices = choicesOf(own, place) ?? choicesIn((own['items'] ?? {}) as JsonSchema, { ...place, open });
    if (choices) return { name, choices };
  }
  return undefined;
}

function typeOf(own: Schema, place: Place): string {
  const types = [own['type'] ?? []].flat() as string[];
  const useful = types.find((type) => type !== 'null');
  if (useful) return useful;
  if (types.length > 0) return 'null';
  if ('properties' in own || 'required' in own || 'minProperties' in own) return 'object';
  if ('items' in own || 'prefixItems' in own || 'minItems' in own) return 'array';
  if ('minimum' in own || 'maximum' in own || 'multipleOf' in own) return 'number';
  return place.name === 'index' ? 'integer' : 'string';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function distinct(values: unknown[]): unknown[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    const key = JSON.stringify(value);
    return !seen.has(key) && seen.add(key);
  });
}
