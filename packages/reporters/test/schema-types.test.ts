import { fileURLToPath } from "node:url";
import { createGenerator } from "ts-json-schema-generator";
import { expect, it } from "vitest";
import { reportSchema } from "../src/index.ts";

type Shape = Readonly<Record<string, unknown>>;

const ANYTHING = JSON.stringify("anything");

/** What a document may hold, place by place: names, which of them are required, and closed lists of words. */
function shapeOf(root: Shape, schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return "anything";
  const { $ref, anyOf, properties, required = [], items, additionalProperties } = schema as Shape;
  if (typeof $ref === "string") {
    const name = decodeURIComponent($ref.replace(/^#\/(?:definitions|\$defs)\//, ""));
    const definition = ((root.definitions ?? root.$defs) as Shape)[name];
    // An error holds errors: named here, looked into by the caller.
    if (name === "error" || name === "SerializedError") return "error";
    return shapeOf(root, definition);
  }
  const { const: one, enum: words = one === undefined ? undefined : [one] } = schema as Shape;
  if (Array.isArray(words)) return [...words].map(String).sort().join("|");
  if (Array.isArray(anyOf)) {
    const forms = new Set(anyOf.map((form) => JSON.stringify(shapeOf(root, form))));
    return forms.size === 1 && forms.has(ANYTHING) ? "anything" : [...forms].sort();
  }
  if (typeof properties === "object" && properties !== null) {
    return Object.fromEntries(
      Object.entries(properties)
        .map(([key, value]) => {
          const optional = (required as string[]).includes(key) ? "" : "?";
          return [`${key}${optional}`, shapeOf(root, value)] as const;
        })
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }
  if (items !== undefined) return [shapeOf(root, items)];
  if (typeof additionalProperties === "object") {
    const values = shapeOf(root, additionalProperties);
    return values === "anything" ? "anything" : { "*": values };
  }
  return "anything";
}

it("the schema has exactly the properties and words of the engine's own types", () => {
  const generated = createGenerator({
    path: fileURLToPath(new URL("../../core/src/report/serialized-report.ts", import.meta.url)),
    tsconfig: fileURLToPath(new URL("../../core/tsconfig.json", import.meta.url)),
    type: "SerializedReport",
    expose: "all",
    topRef: false,
    skipTypeCheck: true,
  }).createSchema("SerializedReport") as Shape;
  const errors = {
    ours: shapeOf(reportSchema, (reportSchema.$defs as Shape).error),
    theirs: shapeOf(generated, (generated.definitions as Shape).SerializedError),
  };
  expect(errors.ours).toEqual(errors.theirs);
  // The one place where a reader is laxer on purpose: every minor version of 1 is read.
  const ours = { ...(shapeOf(reportSchema, reportSchema) as Shape), formatVersion: "1.0|1.1" };
  expect(ours).toEqual(shapeOf(generated, generated));
}, 30_000);

/** The lists of words of version 1.0: whoever reads it knows no others. */
const WORDS: readonly string[] = [
  "completed|failed|cancelled|interrupted",
  "task|map|item|tail",
  "value|optional|settled|after",
  "completed|failed|cancelled|skipped|restored|detached|abandoned",
  "skipped|cancelled|abandoned",
  "condition|aborted|not-started",
  "attempt|run",
  "completed|failed|cancelled|running|abandoned",
  "start|dependency|slot|retry|stage|item|external",
  "dependencies|slots|retries|scheduler|none",
  "too-large|not-serialisable|redacted",
];

it("no list of words has got another one since version 1.0, nor lost one", () => {
  const lists: string[] = [];
  JSON.stringify(reportSchema, (key, value: unknown) => {
    if (key === "enum") lists.push((value as unknown[]).join("|"));
    return value;
  });
  expect(lists).toEqual(expect.arrayContaining([...WORDS]));
});
