/**
 * The values of a run's parameters, checked by their schemas before anything of the run starts. Knows no task but those
 * that declare a parameter.
 */

import { paramsOf } from "../define/given-params.ts";
import type { Graph } from "../define/graph.ts";
import { Issues } from "../ground/check.ts";
import { complaints, PlanError, SchemaError } from "../ground/errors.ts";
import { summarizeError } from "../ground/summarize-error.ts";
import { bindingsOf, type GivenParameters } from "./bindings.ts";
import { validate } from "./inputs.ts";

export type Parameters = ReadonlyMap<string, unknown>;

export const NO_PARAMETERS: Parameters = new Map();

/** Asks every schema, all at once. Rejects with a `PlanError` that tells every refusal; a promise only where a schema is asked. */
export function checkParameters(
  { definitions }: Graph,
  given: GivenParameters | undefined,
): Parameters | Promise<Parameters> {
  const bindings = bindingsOf(given);
  if (bindings === undefined) return NO_PARAMETERS;
  const params = paramsOf(definitions);
  const values = new Map(bindings.map(({ param, value }) => [param, value]));
  const checked = [...values].flatMap(([name, value]) => {
    const schema = params.get(name)?.schema;
    return schema === undefined ? [] : [{ name, schema, value }];
  });
  if (checked.length === 0) return values;
  const issues = new Issues();
  return Promise.all(
    checked.map(async ({ name, schema, value }) => {
      try {
        values.set(name, await validate(schema, value, name, "the parameter"));
      } catch (error) {
        const why =
          error instanceof SchemaError
            ? `does not match its schema: ${complaints(error.issues)}`
            : `could not be checked: ${summarizeError(error)}`;
        issues.add("invalid-parameter", `Parameter "${name}" ${why}`, ["params", name]);
      }
    }),
  ).then(() => {
    issues.throwAs(PlanError);
    return values;
  });
}
