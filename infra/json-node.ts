/** The parts of a JSON Schema that are read here. */
export interface JsonNode {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, JsonNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: JsonNode;
  readonly anyOf?: readonly JsonNode[];
}
