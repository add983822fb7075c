/**
 * Checks a value against the part of JSON Schema 2020-12 that our own schema uses, and refuses any other keyword.
 * A validator library would be twenty times the size of the report reader; the tests hold this one to Ajv's verdict on
 * thousands of damaged documents.
 */

type Schema = true | SchemaObject;

export interface SchemaObject {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly if?: Schema;
  readonly then?: Schema;
}

export interface SchemaIssue {
  /** Where, as one writes it in JavaScript: `taskStatistics[3].status`; empty for the document itself. */
  readonly path: string;
  /** What is wrong there. */
  readonly message: string;
}

const ANNOTATIONS = ["$schema", "$id", "$defs", "title", "description"];
const KEYWORDS = new Set([
  ...ANNOTATIONS,
  ...["$ref", "type", "const", "enum", "pattern", "minimum", "maximum", "required"],
  ...["properties", "additionalProperties", "items", "anyOf", "if", "then"],
]);

/** Every place where `value` is not what the schema asks for; empty when it is valid. */
export function schemaIssues(schema: SchemaObject, value: unknown): SchemaIssue[] {
  return new SchemaCheck(schema).issues(schema, value);
}

/** A place in the value, from the inside out: hardly any is ever told. */
interface Place {
  readonly key: string | number;
  readonly within: Place | undefined;
}

/** Checks many values against the definitions of one schema. */
export class SchemaCheck {
  readonly #root: SchemaObject;
  readonly #patterns: Map<string, RegExp> = new Map();
  readonly #known: Set<SchemaObject> = new Set();

  constructor(root: SchemaObject) {
    this.#root = root;
  }

  /** `schema`: the root, or one that refers to its definitions. */
  issues(schema: Schema, value: unknown): SchemaIssue[] {
    const issues: SchemaIssue[] = [];
    this.#visit(schema, value, undefined, issues);
    return issues;
  }

  #visit(schema: Schema, value: unknown, place: Place | undefined, issues: SchemaIssue[]): void {
    if (schema === true) return;
    this.#refuseUnknownKeywords(schema);
    const refuse = (message: string): void => {
      issues.push({ path: pathOf(place), message });
    };
    if (schema.$ref !== undefined) this.#visit(this.#resolve(schema.$ref), value, place, issues);
    if (schema.type !== undefined && !hasType(value, schema.type)) {
      refuse(`expected ${schema.type}, got ${shown(value)}`);
      return;
    }
    if (schema.const !== undefined && value !== schema.const) {
      refuse(`expected ${shown(schema.const)}, got ${shown(value)}`);
    }
    if (schema.enum !== undefined && !schema.enum.includes(value)) {
      refuse(`expected one of ${schema.enum.map(shown).join(", ")}, got ${shown(value)}`);
    }
    if (typeof value === "string" && schema.pattern !== undefined) {
      if (!this.#pattern(schema.pattern).test(value)) {
        refuse(`expected ${schema.pattern}, got ${shown(value)}`);
      }
    }
    if (typeof value === "number") {
      if (schema.minimum !== undefined && value < schema.minimum) {
        refuse(`expected at least ${schema.minimum}, got ${value}`);
      }
      if (schema.maximum !== undefined && value > schema.maximum) {
        refuse(`expected at most ${schema.maximum}, got ${value}`);
      }
    }
    if (schema.anyOf !== undefined) this.#anyOf(schema.anyOf, value, place, issues);
    if (schema.if !== undefined && schema.then !== undefined) {
      const mismatch: SchemaIssue[] = [];
      this.#visit(schema.if, value, place, mismatch);
      if (mismatch.length === 0) this.#visit(schema.then, value, place, issues);
    }
    if (Array.isArray(value)) this.#array(schema, value, place, issues);
    else if (isRecord(value)) this.#record(schema, value, place, issues);
  }

  #array(
    schema: SchemaObject,
    value: readonly unknown[],
    within: Place | undefined,
    issues: SchemaIssue[],
  ): void {
    const items = schema.items;
    if (items === undefined) return;
    value.forEach((item, key) => {
      this.#visit(items, item, { key, within }, issues);
    });
  }

  #record(
    schema: SchemaObject,
    value: Readonly<Record<string, unknown>>,
    within: Place | undefined,
    issues: SchemaIssue[],
  ): void {
    for (const key of schema.required ?? []) {
      if (Object.hasOwn(value, key)) continue;
      issues.push({ path: pathOf({ key, within }), message: "missing" });
    }
    const { properties, additionalProperties } = schema;
    if (properties === undefined && additionalProperties === undefined) return;
    for (const [key, item] of Object.entries(value)) {
      const known =
        properties !== undefined && Object.hasOwn(properties, key)
          ? properties[key]
          : additionalProperties;
      if (known !== undefined) this.#visit(known, item, { key, within }, issues);
    }
  }

  /** Shows the complaints of the form that came closest. */
  #anyOf(
    forms: readonly Schema[],
    value: unknown,
    place: Place | undefined,
    issues: SchemaIssue[],
  ): void {
    const types = forms.flatMap((form) =>
      form !== true && typeof form.type === "string" && Object.keys(form).length === 1
        ? [form.type]
        : [],
    );
    if (types.length === forms.length) {
      if (hasType(value, types)) return;
      const message = `expected ${types.join(" or ")}, got ${shown(value)}`;
      issues.push({ path: pathOf(place), message });
      return;
    }
    let closest: SchemaIssue[] | undefined;
    for (const form of forms) {
      const complaints: SchemaIssue[] = [];
      this.#visit(form, value, place, complaints);
      if (complaints.length === 0) return;
      if (closest === undefined || complaints.length < closest.length) closest = complaints;
    }
    // Not spread into the call: there may be more complaints than a call takes arguments.
    for (const issue of closest ?? []) issues.push(issue);
  }

  #resolve(reference: string): Schema {
    const name = reference.replace("#/$defs/", "");
    const schema = this.#root.$defs?.[name];
    if (schema === undefined)
      throw new Error(`The schema refers to ${reference}, which is missing.`);
    return schema;
  }

  #pattern(source: string): RegExp {
    let pattern = this.#patterns.get(source);
    if (pattern === undefined) {
      pattern = new RegExp(source, "u");
      this.#patterns.set(source, pattern);
    }
    return pattern;
  }

  /** A keyword that is silently not checked would be a hole in the gate. */
  #refuseUnknownKeywords(schema: SchemaObject): void {
    if (this.#known.has(schema)) return;
    for (const keyword of Object.keys(schema)) {
      if (!KEYWORDS.has(keyword))
        throw new Error(`The schema uses "${keyword}", which is not checked.`);
    }
    this.#known.add(schema);
  }
}

function hasType(value: unknown, type: string | readonly string[]): boolean {
  if (typeof type !== "string") return type.some((one) => hasType(value, one));
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isRecord(value);
  if (type === "integer") return Number.isInteger(value);
  if (type === "number") return typeof value === "number" && Number.isFinite(value);
  return typeof value === type;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As one writes it in JavaScript. */
function pathOf(place: Place | undefined): string {
  const keys: (string | number)[] = [];
  for (let at = place; at !== undefined; at = at.within) keys.push(at.key);
  let path = "";
  for (const key of keys.reverse()) {
    if (typeof key === "number") path += `[${key}]`;
    else if (!/^[A-Za-z_$][\w$]*$/.test(key)) path += `[${shown(key)}]`;
    else path += path === "" ? key : `.${key}`;
  }
  return path;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "bigint" || typeof value === "function" || typeof value === "symbol") {
    return `a ${typeof value}`;
  }
  const text = JSON.stringify(value) ?? "undefined";
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
