/** The part of JSON Schema (draft 7) that the schemas of our files are made of. */
export interface SchemaNode {
  type?: 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'null';
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  items?: SchemaNode;
  properties?: Record<string, SchemaNode>;
  propertyNames?: SchemaNode;
  additionalProperties?: SchemaNode | false;
  required?: string[];
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  description?: string;
}

type Keyword = Exclude<keyof SchemaNode, 'description' | 'properties'>;

/** Whether an editor would take the value. Written from the specification, for zod must not check itself. Throws on a keyword that it does not know. */
export function matches(schema: SchemaNode, value: unknown): boolean {
  return (
    Object.entries(schema).every(([keyword, argument]) => {
      if (['$schema', 'title', 'description', 'properties', 'default', 'examples'].includes(keyword)) return true;
      const check = checks[keyword as Keyword] as
        ((argument: unknown, value: unknown, schema: SchemaNode) => boolean) | undefined;
      if (check === undefined) throw new Error(`the schema has the keyword '${keyword}'`);
      return check(argument, value, schema);
    }) &&
    Object.entries(schema.properties ?? {}).every(
      ([key, child]) => !isObject(value) || !(key in value) || matches(child, value[key]),
    )
  );
}

const checks: {
  [K in Keyword]: (argument: NonNullable<SchemaNode[K]>, value: unknown, schema: SchemaNode) => boolean;
} = {
  type: (type, value) => hasType(type, value),
  const: (only, value) => value === only,
  enum: (words, value) => words.includes(value),
  pattern: (pattern, value) => typeof value !== 'string' || new RegExp(pattern).test(value),
  minLength: (min, value) => typeof value !== 'string' || value.length >= min,
  maxLength: (max, value) => typeof value !== 'string' || value.length <= max,
  minimum: (min, value) => typeof value !== 'number' || value >= min,
  exclusiveMinimum: (min, value) => typeof value !== 'number' || value > min,
  maximum: (max, value) => typeof value !== 'number' || value <= max,
  items: (item, value) => !Array.isArray(value) || value.every((entry) => matches(item, entry)),
  propertyNames: (name, value) => !isObject(value) || Object.keys(value).every((key) => matches(name, key)),
  additionalProperties: (others, value, schema) =>
    !isObject(value) ||
    Object.entries(value).every(
      ([key, child]) => Object.hasOwn(schema.properties ?? {}, key) || (others !== false && matches(others, child)),
    ),
  required: (keys, value) => !isObject(value) || keys.every((key) => Object.hasOwn(value, key)),
  anyOf: (branches, value) => branches.some((branch) => matches(branch, value)),
  oneOf: (branches, value) => branches.filter((branch) => matches(branch, value)).length === 1,
};

function hasType(type: NonNullable<SchemaNode['type']>, value: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** All keys of the schema as dotted paths; `*` stands for a key that the user chooses. */
export function schemaKeys(node: SchemaNode, parent: string[] = []): { path: string; node: SchemaNode }[] {
  const here = Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
    { path: [...parent, key].join('.'), node: child },
    ...schemaKeys(child, [...parent, key]),
  ]);
  const others = node.additionalProperties ? schemaKeys(node.additionalProperties, [...parent, '*']) : [];
  return [...here, ...others, ...(node.anyOf ?? []).flatMap((branch) => schemaKeys(branch, parent))];
}
