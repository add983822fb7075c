/**
 * What the compiler must accept and must refuse. `tsc` is the test: an `@ts-expect-error` that meets no error is one.
 */
import { type } from "arktype";
import * as v from "valibot";
import { expectTypeOf } from "vitest";
import { z } from "zod";
import {
  after,
  DynamicScheduler,
  type ExecutionReport,
  type Flow,
  flow,
  type Input,
  map,
  type Outcome,
  optional,
  type Param,
  type Plan,
  param,
  pick,
  Semaphore,
  type SerializedReport,
  settled,
  type Task,
  type TaskContext,
  type TaskStatistics,
  task,
  type ValueOf,
  type ValuesOf,
} from "../src/index.ts";

interface User {
  readonly id: number;
  readonly name: string;
}

// ---- outputs -----------------------------------------------------------------------------------------------------

const users = task("users", async (): Promise<readonly User[]> => []);
expectTypeOf(users).toEqualTypeOf<Task<readonly User[]>>();
const count = task("count", () => 3);
expectTypeOf(count).toEqualTypeOf<Task<number>>();
expectTypeOf(task("nothing", () => {})).toEqualTypeOf<Task<void>>();
expectTypeOf(
  task("either", () => (Math.random() > 0.5 ? 1 : Promise.resolve("one"))),
).toEqualTypeOf<Task<string | 1>>();
expectTypeOf(task("never", (): never => never())).toEqualTypeOf<Task<never>>();
function never(): never {
  throw new Error();
}

// A task of a narrower output is one of a wider output, never the other way.
const wide: Task<string | number> = count;
// @ts-expect-error
const narrow: Task<1> = count;
void wide;
void narrow;

// ---- inputs ------------------------------------------------------------------------------------------------------

const audit = task("audit", async () => ({ ok: true as boolean, notes: ["a"] }));
const since = param<Date>("since");
const report = task(
  "report",
  {
    users,
    count,
    key: pick(audit, "ok"),
    chosen: pick(users, (list) => list[0]),
    maybe: optional(count),
    end: settled(count),
    since,
    _: after(audit),
  },
  (inputs, context) => {
    expectTypeOf(inputs.users).toEqualTypeOf<readonly User[]>();
    expectTypeOf(inputs.count).toEqualTypeOf<number>();
    expectTypeOf(inputs.key).toEqualTypeOf<boolean>();
    expectTypeOf(inputs.chosen).toEqualTypeOf<User | undefined>();
    expectTypeOf(inputs.maybe).toEqualTypeOf<number | undefined>();
    expectTypeOf(inputs.end).toEqualTypeOf<Outcome<number>>();
    expectTypeOf(inputs.since).toEqualTypeOf<Date>();
    expectTypeOf(inputs._).toEqualTypeOf<void>();
    expectTypeOf(context).toEqualTypeOf<TaskContext>();
    // @ts-expect-error inputs are read only
    inputs.count = 1;
    // @ts-expect-error there is no such input
    void inputs.orders;
    return "text";
  },
  {
    when: (inputs) => {
      expectTypeOf(inputs.maybe).toEqualTypeOf<number | undefined>();
      return inputs.count > 0 || { skip: "none" };
    },
    retry: {
      attempts: 2,
      backoff: (retry, error) => {
        expectTypeOf(retry).toEqualTypeOf<number>();
        expectTypeOf(error).toEqualTypeOf<unknown>();
        return retry * 10;
      },
    },
  },
);
expectTypeOf(report).toEqualTypeOf<Task<string>>();

expectTypeOf<ValueOf<typeof users>>().toEqualTypeOf<readonly User[]>();
expectTypeOf<ValueOf<Input<7>>>().toEqualTypeOf<7>();
expectTypeOf<ValueOf<Param<Date>>>().toEqualTypeOf<Date>();
expectTypeOf<ValuesOf<{ a: typeof count; b: Input<string> }>>().toEqualTypeOf<{
  readonly a: number;
  readonly b: string;
}>();

task("plain", (inputs) => {
  // @ts-expect-error a task without inputs is called with none
  void inputs.users;
});
// @ts-expect-error the input is a number
task("wrong", { count }, ({ count }) => count.length);
// @ts-expect-error an input is a task or made of one
task("wrong", { count: 3 }, () => {});
// @ts-expect-error the function is called for you: pass it, not its promise
task("wrong", users, () => {});
// @ts-expect-error a promise is no function
task("wrong", Promise.resolve(1));
// @ts-expect-error the declared parameter does not fit the input
task("wrong", { count }, (inputs: { count: string }) => inputs);
// @ts-expect-error names are strings
task(1, () => {});
// @ts-expect-error a handle has no output
void users.output;

// ---- what is made of a task ---------------------------------------------------------------------------------------

expectTypeOf(pick(audit, "notes")).toEqualTypeOf<Input<string[]>>();
expectTypeOf(pick(users, 0)).toEqualTypeOf<Input<User>>();
// @ts-expect-error there is no such property
pick(audit, "note");
// @ts-expect-error the selector is called with the output
pick(count, (text: string) => text);
// @ts-expect-error a part of an input cannot be picked again
pick(pick(audit, "notes"), "length");
// @ts-expect-error only tasks can be optional
optional(since);
// @ts-expect-error only tasks end
settled(pick(audit, "ok"));
// @ts-expect-error only tasks can be waited for
after("audit");

const ended = {} as Outcome<number>;
if (ended.status === "completed") expectTypeOf(ended.value).toEqualTypeOf<number>();
else if (ended.status === "failed") expectTypeOf(ended.error).toEqualTypeOf<unknown>();
else if (ended.status === "skipped") expectTypeOf(ended.reason).toEqualTypeOf<string>();
else expectTypeOf(ended.status).toEqualTypeOf<"cancelled" | "abandoned">();
// @ts-expect-error only a completed outcome has a value
void ended.value;

// ---- maps ---------------------------------------------------------------------------------------------------------

const names = map("names", users, (user, index, context) => {
  expectTypeOf(user).toEqualTypeOf<User>();
  expectTypeOf(index).toEqualTypeOf<number>();
  expectTypeOf(context).toEqualTypeOf<TaskContext>();
  return Promise.resolve(user.name);
});
expectTypeOf(names).toEqualTypeOf<Task<string[]>>();
const lengths = map(
  "lengths",
  pick(audit, "notes"),
  { count },
  (note, _index, inputs) => {
    expectTypeOf(note).toEqualTypeOf<string>();
    expectTypeOf(inputs.count).toEqualTypeOf<number>();
    return note.length * inputs.count;
  },
  { concurrency: 2, retry: 1 },
);
expectTypeOf(lengths).toEqualTypeOf<Task<number[]>>();
expectTypeOf(map("days", param<Date[]>("days"), (day) => day.getTime())).toEqualTypeOf<
  Task<number[]>
>();
// @ts-expect-error a number is no list
map("wrong", count, () => {});
// @ts-expect-error an output that may be missing is no list
map("wrong", optional(users), () => {});
// @ts-expect-error the item is a user
map("wrong", users, (user: string) => user);

// ---- parameters ---------------------------------------------------------------------------------------------------

since.of(new Date());
// @ts-expect-error a text is no date
since.of("2026-01-01");
// @ts-expect-error a value is needed
since.of();
expectTypeOf(param("age", z.coerce.number())).toEqualTypeOf<Param<number>>();

// ---- options ------------------------------------------------------------------------------------------------------

task("options", () => {}, {
  retry: 3,
  timeoutMs: 5,
  priority: -1,
  resources: { db: 1 },
  tags: ["a"],
});
// @ts-expect-error there is no such option
task("wrong", () => {}, { retries: 3 });
// @ts-expect-error a limit is a number
task("wrong", () => {}, { timeoutMs: "5s" });
// @ts-expect-error only a map has a limit of its own
task("wrong", () => {}, { concurrency: 3 });
// @ts-expect-error a condition answers at once
task("wrong", () => {}, { when: async () => true });
// @ts-expect-error a skip has a reason
task("wrong", () => {}, { when: () => ({ skip: true }) });
// @ts-expect-error there is no such back-off
task("wrong", () => {}, { retry: { attempts: 1, backoff: "linear" } });
// @ts-expect-error a policy says how often
task("wrong", () => {}, { retry: { backoff: "fixed" } });

// ---- schemas ------------------------------------------------------------------------------------------------------

const zodTask = task("zod", (): unknown => ({}), { output: z.object({ age: z.coerce.number() }) });
expectTypeOf(zodTask).toEqualTypeOf<Task<{ age: number }>>();
const valibotTask = task("valibot", (): unknown => ({}), { output: v.object({ age: v.number() }) });
expectTypeOf(valibotTask).toEqualTypeOf<Task<{ age: number }>>();
const arkTask = task("arktype", (): unknown => ({}), {
  output: type({ age: "string.integer.parse" }),
});
expectTypeOf(arkTask).toEqualTypeOf<Task<{ age: number }>>();
const typedTask = task("inputs", { count }, ({ count }) => String(count), { output: z.string() });
expectTypeOf(typedTask).toEqualTypeOf<Task<string>>();
// @ts-expect-error a schema is no text
task("wrong", () => {}, { output: "string" });

// ---- flows and reports --------------------------------------------------------------------------------------------

const daily = flow("daily", { report, total: count }, { tails: { audit } });
expectTypeOf(daily).toEqualTypeOf<Flow<{ readonly report: string; readonly total: number }>>();
expectTypeOf(daily.plan()).toEqualTypeOf<Plan>();
// @ts-expect-error roots are tasks
flow("wrong", { report: pick(audit, "ok") });
// @ts-expect-error roots have names
flow("wrong", [report]);

export async function reports(): Promise<void> {
  const done = await daily.run({
    concurrency: new Semaphore(3),
    failure: { maxFailures: 2 },
    params: [since.of(new Date())],
  });
  expectTypeOf(done).toEqualTypeOf<
    ExecutionReport<{ readonly report: string; readonly total: number }>
  >();
  expectTypeOf(done.outputs.report).toEqualTypeOf<string | undefined>();
  expectTypeOf(done.unwrap().report).toEqualTypeOf<string>();
  expectTypeOf(done.outcome(users)).toEqualTypeOf<Outcome<readonly User[]>>();
  expectTypeOf(done.outcome("users")).toEqualTypeOf<Outcome<unknown>>();
  expectTypeOf(done.taskStatistics).toEqualTypeOf<TaskStatistics[]>();
  expectTypeOf(done.toJSON({ outputs: ["report"] })).toEqualTypeOf<SerializedReport>();
  expectTypeOf(done.tail).resolves.toEqualTypeOf<readonly TaskStatistics[]>();
  // @ts-expect-error there is no such root
  void done.outputs.audit;
  // @ts-expect-error there is no such policy
  await daily.run({ failure: "halt" });
  // @ts-expect-error there is no such option
  await daily.run({ concurency: 3 });
  // @ts-expect-error a binding is made by its parameter
  await daily.run({ params: [{ since: new Date() }] });
  daily.start().cancelTask("users", "not needed");
}

// ---- the second door ----------------------------------------------------------------------------------------------

new DynamicScheduler(
  [
    ["extract", async () => ({ rows: 1 })],
    ["load", (inputs: { rows: number }, context: TaskContext) => [inputs, context]],
    ["positional", (a: number, b: string, context: TaskContext) => [a, b, context]],
  ],
  [{ taskName: "extract" }, { taskName: "load", dependencies: [{ taskName: "extract" }] }],
  { dispatch: "stages", taskRetries: { load: { attempts: 2 } } },
);
// @ts-expect-error a promise is no function
new DynamicScheduler([["load", Promise.resolve()]], []);
// @ts-expect-error there is no such field
new DynamicScheduler([], [{ name: "load" }]);
// @ts-expect-error a scheduler runs all of its tasks
new DynamicScheduler([], [], { targets: ["load"] });
// @ts-expect-error retries go into `taskRetries`
new DynamicScheduler([], [], { taskOptions: { load: { retry: 1 } } });
// @ts-expect-error an input goes somewhere
new DynamicScheduler([], [], { taskDataRefs: { load: { inputs: [{ from: { value: 1 } }] } } });
