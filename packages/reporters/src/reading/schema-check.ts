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
  ...["$ref", "type", "const", "enum", "pattern", "minimum", "required", "properties"],
  ...["additionalProperties", "items", "anyOf", "if", "then"],
]);

/** Every place where `value` is not what the schema asks for; empty when it is valid. */
export function schemaIssues(schema: SchemaObject, value: unknown): SchemaIssue[] {
  const issues: SchemaIssue[] = [];
  new Check(schema).visit(schema, value, "", issues);
  return issues;
}

class Check {
  readonly #root: SchemaObject;
  readonly #patterns = new Map<string, RegExp>();
  readonly #known = new Set<SchemaObject>();

  constructor(root: SchemaObject) {
    this.#root = root;
  }

  visit(schema: Schema, value: unknown, path: string, issues: SchemaIssue[]): void {
    if (schema === true) return;
    this.#refuseUnknownKeywords(schema);
    if (schema.$ref !== undefined) this.visit(this.#resolve(schema.$ref), value, path, issues);
    if (schema.type !== undefined && !hasType(value, schema.type)) {
      issues.push({ path, message: `expected ${schema.type}, got ${shown(value)}` });
      return;
    }
    if (schema.const !== undefined && value !== schema.const) {
      issues.push({ path, message: `expected ${shown(schema.const)}, got ${shown(value)}` });
    }
    if (schema.enum !== undefined && !schema.enum.includes(value)) {
      const allowed = schema.enum.map(shown).join(", ");
      issues.push({ path, message: `expected one of ${allowed}, got ${shown(value)}` });
    }
    if (typeof value === "string" && schema.pattern !== undefined) {
      if (!this.#pattern(schema.pattern).test(value)) {
        issues.push({ path, message: `expected ${schema.pattern}, got ${shown(value)}` });
      }
    }
    if (typeof value === "number" && schema.minimum !== undefined && value < schema.minimum) {
      issues.push({ path, message: `expected at least ${schema.minimum}, got ${value}` });
    }
    if (schema.anyOf !== undefined) this.#anyOf(schema.anyOf, value, path, issues);
    if (schema.if !== undefined && schema.then !== undefined) {
      const mismatch: SchemaIssue[] = [];
      this.visit(schema.if, value, path, mismatch);
      if (mismatch.length === 0) this.visit(schema.then, value, path, issues);
    }
    if (Array.isArray(value)) this.#array(schema, value, path, issues);
    else if (isRecord(value)) this.#record(schema, value, path, issues);
  }

  #array(
    schema: SchemaObject,
    value: readonly unknown[],
    path: string,
    issues: SchemaIssue[],
  ): void {
    const items = schema.items;
    if (items === undefined) return;
    value.forEach((item, index) => {
      this.visit(items, item, `${path}[${index}]`, issues);
    });
  }

  #record(
    schema: SchemaObject,
    value: Readonly<Record<string, unknown>>,
    path: string,
    issues: SchemaIssue[],
  ): void {
    for (const name of schema.required ?? []) {
      if (!Object.hasOwn(value, name)) issues.push({ path: join(path, name), message: "missing" });
    }
    const { properties = {}, additionalProperties } = schema;
    for (const [name, item] of Object.entries(value)) {
      const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
      if (known !== undefined) this.visit(known, item, join(path, name), issues);
    }
  }

  /** Shows the complaints of the form that came closest. */
  #anyOf(forms: readonly Schema[], value: unknown, path: string, issues: SchemaIssue[]): void {
    const types = forms.flatMap((form) =>
      form !== true && typeof form.type === "string" && Object.keys(form).length === 1
        ? [form.type]
        : [],
    );
    if (types.length === forms.length) {
      if (hasType(value, types)) return;
      issues.push({ path, message: `expected ${types.join(" or ")}, got ${shown(value)}` });
      return;
    }
    let closest: SchemaIssue[] | undefined;
    for (const form of forms) {
      const complaints: SchemaIssue[] = [];
      this.visit(form, value, path, complaints);
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

function join(path: string, name: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `${path}[${shown(name)}]`;
  return path === "" ? name : `${path}.${name}`;
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
