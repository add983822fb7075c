/** Schemas as their libraries have them in common, and their check. Knows no library. */
import type { Issues } from "../ground/check.ts";
import type { ResultOf } from "./giving.ts";

/** The Standard Schema interface (https://standardschema.dev), structurally: zod, valibot, arktype and others have it. */
export interface Schema<out O = unknown, out I = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<O> | Promise<SchemaResult<O>>;
    readonly types?: { readonly input: I; readonly output: O } | undefined;
  };
}
export type SchemaResult<O> =
  | { readonly value: O; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
/** What a function gives: a schema converts it, a promise is waited for, a flow runs in its place. */
export type OutputOf<S, T> = S extends Schema<infer O> ? O : ResultOf<Awaited<T>>;

export function checkSchema(issues: Issues, path: readonly string[], schema: unknown): void {
  if (schema === undefined) return;
  const standard = (schema as { "~standard"?: { validate?: unknown } } | null)?.["~standard"];
  if (typeof standard?.validate !== "function") {
    issues.expected(path, "a Standard Schema, such as one of zod, valibot or arktype", schema);
  }
}
