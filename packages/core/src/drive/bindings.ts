/**
 * Values of parameters as a caller gives them to a run: by name, or as bindings that the parameters made. Checks their
 * shape, and makes one list of both. Knows no graph.
 */
import type { Binding } from "../define/param.ts";
import { brandOf } from "../ground/brand.ts";
import type { Issues } from "../ground/check.ts";

/** `{ userId: "42" }`, or `[userId.of("42")]`, which the compiler checks against the parameter. */
export type GivenParameters = Readonly<Record<string, unknown>> | readonly Binding[];

/** One value for each name; a name without a value is as one that is not there. */
export function bindingsOf(given: GivenParameters | undefined): readonly Binding[] | undefined {
  if (given === undefined || Array.isArray(given)) return given as readonly Binding[] | undefined;
  return Object.entries(given).flatMap(([param, value]) =>
    value === undefined ? [] : [{ param, value }],
  );
}

export function checkBindings(issues: Issues, params: unknown): void {
  if (params === undefined) return;
  if (!Array.isArray(params)) {
    const made = brandOf(params);
    if (made === undefined) issues.record(["params"], params);
    else {
      issues.add(
        "invalid-option",
        `Expected \`params\` to be values by name or an array of bindings, got ${made.what}: write { name: … } or [param.of(…)]`,
        ["params"],
      );
    }
    return;
  }
  const before = issues.list.length;
  issues.array(["params"], params, "bindings, each made with `of` of a parameter", isBinding);
  if (issues.list.length > before) return;
  (params as readonly Binding[]).forEach((binding, at) => {
    issues.keys(["params", String(at)], binding, ["param", "value"], ` of \`params[${at}]\``);
  });
}

function isBinding(value: unknown): value is Binding {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "value")) return false;
  return typeof (value as Partial<Binding>).param === "string";
}
