/** What TypeScript says of usual mistakes: where it points, and its last line, which is the one that tells. */
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { compile } from "../compile.ts";

const BEFORE = `
import { flow, map, optional, param, pick, settled, task, value, DynamicScheduler } from "@astrum/core";
declare function fetchUser(): Promise<{ id: number; name: string }>;
const user = task("user", fetchUser);
const users = task("users", async () => [{ id: 1 }]);
const day = param<string>("day");
const daily = flow("daily", { user });
`;

interface Mistake {
  readonly code: string;
  /** What stands where TypeScript points to. */
  readonly at: string;
  readonly says: string;
}

/** Of two overloads both are told: a key, and a function. */
const TYPO = "a typo in pick()";

const MISTAKES: Readonly<Record<string, Mistake>> = {
  "a promise as an input": {
    code: `task("a", { user: fetchUser() }, ({ user }) => user);`,
    at: "user",
    says: "Type 'Promise<{ id: number; name: string; }>' is not assignable to type 'Task<unknown> | Input<unknown>'.",
  },
  "a constant as an input": {
    code: `task("a", { limit: 5 }, ({ limit }) => limit);`,
    at: "limit",
    says: "Type 'number' is not assignable to type 'Task<unknown> | Input<unknown>'.",
  },
  "a constant among inputs": {
    code: `task("a", { user, limit: 5 }, () => 1, { retry: 2 });`,
    at: "limit",
    says: "Type 'number' is not assignable to type 'Task<unknown> | Input<unknown>'.",
  },
  "a task as the inputs": {
    code: `task("a", user, () => 1);`,
    at: "user",
    says: `Type '() => { id: number; name: string; }' is not assignable to type '"Inputs are an object: write { name: task }"'.`,
  },
  "an input as the inputs": {
    code: `task("a", day, () => 1, { retry: 1 });`,
    at: "day",
    says: `Type '() => string' is not assignable to type '"Inputs are an object: write { name: input }"'.`,
  },
  "a list as the inputs": {
    code: `task("a", [user], () => 1);`,
    at: "[user]",
    says: "Index signature for type 'string' is missing in type 'Task<{ id: number; name: string; }>[]'.",
  },
  "a flow as an input": {
    code: `task("a", { daily }, () => 1);`,
    at: "daily",
    says: "Property '[OUTPUT]' is missing in type 'Flow<{ readonly user: { id: number; name: string; }; }>' but required in type 'Task<unknown>'.",
  },
  "the promise of the function": {
    code: `task("a", fetchUser());`,
    at: "fetchUser()",
    says: "Type 'Promise<{ id: number; name: string; }>' provides no match for the signature '(inputs: {}, context: TaskContext): unknown'.",
  },
  "a wrong word for an option": {
    code: `task("a", () => 1, { retries: 3 });`,
    at: "retries",
    says: "Object literal may only specify known properties, and 'retries' does not exist in type '((inputs: { readonly [x: string]: unknown; }, context: TaskContext) => number) | (TaskOptions<{}, undefined, never> & Living<number>)'.",
  },
  "a wrong word for an option, after inputs": {
    code: `task("a", { user }, () => 1, { timeout: 3 });`,
    at: "timeout",
    says: "Object literal may only specify known properties, but 'timeout' does not exist in type 'TaskOptions<{ readonly user: { id: number; name: string; }; }, undefined, never> & Living<number>'. Did you mean to write 'timeoutMs'?",
  },
  "a wrong value of an option": {
    code: `task("a", () => 1, { timeoutMs: "5s" });`,
    at: "timeoutMs",
    says: "Type 'string' is not assignable to type 'number'.",
  },
  "a wrong part of a retry policy": {
    code: `task("a", { user }, () => 1, { retry: { attempts: 2, backoff: "quadratic" } });`,
    at: "backoff",
    says: `Type '"quadratic"' is not assignable to type '"none" | "fixed" | "linear" | "exponential" | ((retry: number, error: unknown) => number) | undefined'.`,
  },
  "a condition that gives no verdict": {
    code: `task("a", () => 1, { when: () => "yes" });`,
    at: "when",
    says: "Type 'string' is not assignable to type 'boolean | { readonly skip: string; } | PromiseLike<boolean | { readonly skip: string; }>'.",
  },
  "a property that an output does not have": {
    code: `task("a", { user }, ({ user }) => user.nam);`,
    at: "nam",
    says: "Property 'nam' does not exist on type '{ id: number; name: string; }'. Did you mean 'name'?",
  },
  "an input of another type than the function wants": {
    code: `task("a", { user }, (inputs: { user: { id: string } }) => inputs);`,
    at: "(inputs: { user: { id: string } }) => inputs",
    says: "Type 'number' is not assignable to type 'string'.",
  },
  "options where the function belongs": {
    code: `task("a", { user }, { retry: 3 });`,
    at: "retry",
    says: "Object literal may only specify known properties, and 'retry' does not exist in type '(inputs: { readonly user: { id: number; name: string; }; }, context: TaskContext) => unknown'.",
  },
  "no function": {
    code: `task("a", { user });`,
    at: "user",
    says: "Object literal may only specify known properties, and 'user' does not exist in type '(inputs: {}, context: TaskContext) => unknown'.",
  },
  "a constant beside a map": {
    code: `map("m", users, { limit: 5 }, (user, index, { limit }) => limit);`,
    at: "limit",
    says: "Type 'number' is not assignable to type 'Task<unknown> | Input<unknown>'.",
  },
  "a wrong word for an option of a map": {
    code: `map("m", users, (user) => user.id, { parallel: 3 });`,
    at: "parallel",
    says: "Object literal may only specify known properties, and 'parallel' does not exist in type '((item: { id: number; }, index: number, inputs: { readonly [x: string]: unknown; }, context: TaskContext) => unknown) | MapOptions<{}, undefined, { id: number; }, \"all\", never>'.",
  },
  "an item of another type": {
    code: `map("m", users, (user: string) => user);`,
    at: "users",
    says: "Type '{ id: number; }' is not assignable to type 'string'.",
  },
  [TYPO]: { code: `pick(user, "nmae");`, at: `"nmae"`, says: "" },
  "a part of an input as one that has settled": {
    code: `settled(pick(user, "name"));`,
    at: `pick(user, "name")`,
    says: "Type 'Picked<string>' is missing the following properties from type 'Task<unknown>': name, [OUTPUT]",
  },
  "a task as a constant": {
    code: `task("a", { user: value(user) }, () => 1);`,
    at: `user`,
    says: `Argument of type 'Task<{ id: number; name: string; }>' is not assignable to parameter of type '"A task or an input is taken as it is, without value()"'.`,
  },
  "a promise as a constant": {
    code: `value(Promise.resolve(1));`,
    at: `Promise.resolve(1)`,
    says: `Argument of type 'Promise<number>' is not assignable to parameter of type '"A promise is no constant: make the function that gives it a task"'.`,
  },
  "what other tools call dependencies, in mapped data": {
    code: `new DynamicScheduler([], [["a", ["b"]] as const].map(([taskName, deps]) => ({ taskName, deps })));`,
    at: `[["a", ["b"]] as const].map(([taskName, deps]) => ({ taskName, deps }))`,
    says: `Type 'readonly ["b"]' is not assignable to type 'never'.`,
  },
};

/** All mistakes are compiled at once, each in a block of its own. */
function diagnose(): Map<string, ts.Diagnostic[]> {
  const names = Object.keys(MISTAKES);
  let text = BEFORE;
  const ends = names.map((name) => {
    text += `{ ${(MISTAKES[name] as Mistake).code} }\n`;
    return text.length;
  });
  const found = new Map<string, ts.Diagnostic[]>(names.map((name) => [name, []]));
  for (const diagnostic of compile({ "mistakes.mts": text })) {
    const at = diagnostic.start as number;
    const nth = ends.findIndex((end) => at < end);
    if (at < BEFORE.length) throw new Error(`What comes before is wrong at ${at}`);
    (found.get(names[nth] as string) as ts.Diagnostic[]).push(diagnostic);
  }
  return found;
}

describe("TypeScript", () => {
  const found = diagnose();

  const single = Object.keys(MISTAKES).filter((name) => name !== TYPO);
  it.each(single)("points at %s, and says why", (name) => {
    const { at, says } = MISTAKES[name] as Mistake;
    const [first] = found.get(name) as ts.Diagnostic[];
    const { file, start = 0, length, messageText } = first as ts.Diagnostic;
    expect(file?.text.slice(start, start + (length ?? 0))).toBe(at);
    const lines = ts.flattenDiagnosticMessageText(messageText, "\n").split("\n");
    expect(lines.at(-1)?.trim()).toBe(says);
    expect(lines.length).toBeLessThanOrEqual(6);
    expect(lines[0]).not.toContain("No overload matches");
  });

  it("says of a typo in pick() first what can be picked", () => {
    const [first] = found.get(TYPO) as ts.Diagnostic[];
    const { file, start = 0, length = 0, messageText } = first as ts.Diagnostic;
    expect(file?.text.slice(start, start + length)).toBe(`"nmae"`);
    const [, , why] = ts.flattenDiagnosticMessageText(messageText, "\n").split("\n");
    // The order of a union is the compiler's.
    expect(why?.trim()).toMatch(
      /^Argument of type '"nmae"' is not assignable to parameter of type '"(id|name)" \| "(id|name)"'\.$/,
    );
  });
});
