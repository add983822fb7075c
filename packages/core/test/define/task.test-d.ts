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
  type FlowRun,
  flow,
  type Input,
  type Inputs,
  type MapOptions,
  map,
  type Optional,
  type Outcome,
  type OutputOf,
  optional,
  type Param,
  type Picked,
  type Plan,
  param,
  pick,
  RateLimit,
  type RetryPolicy,
  type RunSnapshot,
  type Schema,
  Semaphore,
  type SerializedReport,
  settled,
  stopOnSignals,
  summarizeFailure,
  type Task,
  type TaskContext,
  type TaskFailure,
  type TaskInfo,
  type TaskOptions,
  type TaskStatistics,
  task,
  type ValueOf,
  type ValuesOf,
  value,
  type WrittenTask,
} from "../../src/index.ts";

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

declare const dateSchema: Schema<Date, string>;
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

expectTypeOf(pick(audit, "notes")).toEqualTypeOf<Picked<string[]>>();
expectTypeOf(pick(users, 0)).toEqualTypeOf<Picked<User>>();
expectTypeOf(optional(count)).toEqualTypeOf<Optional<number>>();
expectTypeOf(optional(pick(audit, "notes"))).toEqualTypeOf<Input<string[] | undefined>>();
expectTypeOf(optional(pick(users, (list) => list.length))).toEqualTypeOf<
  Input<number | undefined>
>();
expectTypeOf(pick(optional(audit), "notes")).toEqualTypeOf<Input<string[] | undefined>>();
expectTypeOf(
  pick(optional(audit), (ended) => {
    expectTypeOf(ended).toEqualTypeOf<{ ok: boolean; notes: string[] } | undefined>();
    return ended?.ok ?? "unknown";
  }),
).toEqualTypeOf<Input<boolean | "unknown">>();
// Functions around `pick` know what it takes from the task that they are given.
const idOf = <T extends { readonly id: number }>(task: Task<T>): Input<number> => pick(task, "id");
const lengthOf = <T>(task: Task<readonly T[]>): Input<number> => pick(task, (list) => list.length);
void [idOf, lengthOf];
// @ts-expect-error there is no such property
pick(optional(audit), "note");
// @ts-expect-error the output may be missing
pick(optional(audit), (ended) => ended.ok);
// @ts-expect-error it is optional already
optional(optional(count));
// @ts-expect-error it is optional already
optional(pick(optional(audit), "ok"));
// @ts-expect-error a part is picked once
pick(optional(pick(audit, "notes")), "length");
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

// ---- constants ----------------------------------------------------------------------------------------------------

expectTypeOf(value(7)).toEqualTypeOf<Input<number>>();
expectTypeOf(value<"a" | "b">("a")).toEqualTypeOf<Input<"a" | "b">>();
expectTypeOf(value(undefined)).toEqualTypeOf<Input<undefined>>();
task("constants", { day: value("monday"), at: value(new Date()), count }, ({ day, at }) => {
  expectTypeOf(day).toEqualTypeOf<string>();
  expectTypeOf(at).toEqualTypeOf<Date>();
});
expectTypeOf(map("squares", value([1, 2]), (n) => n * n)).toEqualTypeOf<Task<number[]>>();
const unique = task("unique", async () => new Set(["a"]));
expectTypeOf(map("sizes", unique, (text) => text.length)).toEqualTypeOf<Task<number[]>>();
expectTypeOf(map("pairs", value(new Map([["a", 1]])), ([, n]) => n)).toEqualTypeOf<
  Task<number[]>
>();
// @ts-expect-error a text is not a list of letters
map("letters", value("abc"), (letter) => letter);
const rows = task("rows", async function* () {
  yield 1;
});
// @ts-expect-error what comes asynchronously is no list yet
map("cells", rows, (row) => row);
// @ts-expect-error a task is an input as it is
value(count);
// @ts-expect-error a parameter is an input as it is
value(since);
// @ts-expect-error a promise is none
value(Promise.resolve(1));
// @ts-expect-error only tasks can be optional
optional(value(1));
// @ts-expect-error a constant is no list
map("wrong", value(7), () => {});

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
const age = param("age", z.coerce.number());
expectTypeOf<ValueOf<typeof age>>().toEqualTypeOf<number>();
// A converting schema is given its input.
age.of("42");
param("day", z.coerce.date()).of("2026-01-01");
const port = param("port", z.string().transform(Number));
expectTypeOf(port).toEqualTypeOf<Param<number, string>>();
port.of("80");
// @ts-expect-error the schema takes a text
port.of(80);
const level = param("level", v.pipe(v.string(), v.transform(Number)));
expectTypeOf(level).toEqualTypeOf<Param<number, string>>();
const count1 = param("count", type("string.integer.parse"));
expectTypeOf(count1).toEqualTypeOf<Param<number, string>>();
expectTypeOf(param("id", z.string())).toEqualTypeOf<Param<string>>();
expectTypeOf(param<Date>("day", z.coerce.date())).toEqualTypeOf<Param<Date>>();
// A schema without types is given what it gives back.
const bare: Schema<boolean, boolean> = {
  "~standard": { version: 1, vendor: "ours", validate: (value) => ({ value: value === "yes" }) },
};
expectTypeOf(param("sure", bare)).toEqualTypeOf<Param<boolean>>();
// @ts-expect-error a schema is no text
param("wrong", "string");
// A parameter that takes less is none that takes more.
// @ts-expect-error
const anyPort: Param<number, unknown> = port;
void anyPort;

// ---- options ------------------------------------------------------------------------------------------------------

task("options", () => {}, {
  retry: 3,
  timeoutMs: 5,
  priority: -1,
  resources: { db: 1 },
  tags: ["a"],
});
// Options that are written down once leave the type of each task as it is.
const shared: TaskOptions = { retry: 2, timeoutMs: 100, when: () => true };
expectTypeOf(task("shared", () => 1, shared)).toEqualTypeOf<Task<number>>();
expectTypeOf(task("shared", { count }, ({ count }) => count, shared)).toEqualTypeOf<Task<number>>();
expectTypeOf(map("shared", users, (user) => user.id, shared)).toEqualTypeOf<Task<number[]>>();
const limited: MapOptions = { concurrency: 2 };
expectTypeOf(map("shared", users, (user) => user.id, limited)).toEqualTypeOf<Task<number[]>>();
const asked: TaskOptions<{ readonly count: number }> = { when: ({ count }) => count > 0 };
expectTypeOf(task("asked", { count }, () => 1, asked)).toEqualTypeOf<Task<number>>();
// @ts-expect-error the condition asks for an input that the task does not have
task("wrong", () => 1, asked);
// @ts-expect-error options without a schema in their type have none
const withSchema: TaskOptions = { output: z.string() };
void withSchema;
const dated: TaskOptions<unknown, typeof dateSchema> = { output: dateSchema };
expectTypeOf(task("dated", () => "2026-01-01", dated)).toEqualTypeOf<Task<Date>>();

// An amount may be computed from the inputs, of a map from each item.
task("computed", { count }, () => 1, { resources: { llm: ({ count }) => count, db: 1 } });
map("computed", users, () => 1, { resources: { llm: (user, index) => user.id + index } });
// @ts-expect-error an amount is a number
task("wrong", { count }, () => 1, { resources: { llm: () => "3" } });
// @ts-expect-error no amount is waited for
task("wrong", { count }, () => 1, { resources: { llm: async () => 3 } });
// @ts-expect-error there is no such input
task("wrong", { count }, () => 1, { resources: { llm: ({ size }) => size } });
// @ts-expect-error an item has no such field
map("wrong", users, () => 1, { resources: { llm: (user) => user.size } });
task("spends", (_, { spent }) => spent("llm", 3));
// @ts-expect-error what was spent is a number
task("wrong", (_, { spent }) => spent("llm", "3"));
const rate = new RateLimit({ limit: 1, perMs: 1000, burst: undefined });
flow("rates", { count }).run({ resources: { llm: rate, gpu: new Semaphore(2), db: 3 } });
// @ts-expect-error a rate limit is made with `new`
flow("rates", { count }).run({ resources: { llm: { limit: 1, perMs: 1000, burst: 1 } } });
// @ts-expect-error attempts are not limited by a rate but as one of the resources
flow("rates", { count }).run({ concurrency: rate });
// @ts-expect-error
new RateLimit({ limit: 1 });
expectTypeOf(new Semaphore(2).acquire(2)).toEqualTypeOf<Promise<() => void>>();
expectTypeOf(new Semaphore(2).acquire((release) => release())).toEqualTypeOf<() => void>();

// Functions around `task` and `map` keep the types that they are given.
function ours<T>(name: string, run: () => T, options?: TaskOptions): Task<OutputOf<undefined, T>> {
  return task(name, run, options);
}
expectTypeOf(ours("ours", async () => 1)).toEqualTypeOf<Task<number>>();
function ourTask<const D extends Inputs, T>(
  name: string,
  inputs: D,
  run: (inputs: ValuesOf<D>, context: TaskContext) => T,
  options: TaskOptions,
) {
  return [task(name, inputs, run), task(name, inputs, run, options)] as const;
}
const [plain, retried] = ourTask("ours", { count }, ({ count }) => `${count}`, shared);
expectTypeOf(plain).toEqualTypeOf<Task<string>>();
expectTypeOf(retried).toEqualTypeOf<Task<string>>();

// Every option may be there and be undefined.
declare const maybe: {
  number: number | undefined;
  signal: AbortSignal | undefined;
  retry: RetryPolicy | undefined;
  text: string | undefined;
  tags: string[] | undefined;
  when: (() => boolean) | undefined;
};
task("maybe", () => {}, {
  retry: maybe.retry,
  timeoutMs: maybe.number,
  priority: maybe.number,
  resources: undefined,
  when: maybe.when,
  onFailure: undefined,
  output: undefined,
  tags: maybe.tags,
  description: maybe.text,
  version: maybe.text,
});
map("maybe", users, () => {}, { concurrency: maybe.number });
task("maybe", () => {}, {
  retry: { attempts: 1, backoff: undefined, baseMs: maybe.number, maxMs: maybe.number },
});
flow("maybe", {}, { tails: undefined, finally: undefined }).start({
  signal: maybe.signal,
  timeoutMs: maybe.number,
  concurrency: maybe.number,
  runId: maybe.text,
  journal: undefined,
  random: undefined,
});

// @ts-expect-error there is no such option
task("wrong", () => {}, { retries: 3 });
// @ts-expect-error nor with inputs
task("wrong", { count }, () => {}, { retries: 3 });
// @ts-expect-error inputs want a function
task("wrong", { count }, { retry: 3 });
// @ts-expect-error inputs want a function
task("wrong", { count });
// @ts-expect-error options come last
task("wrong", () => {}, {}, {});
// @ts-expect-error a map too
map("wrong", users, { count }, { retry: 3 });
// @ts-expect-error a limit is a number
task("wrong", () => {}, { timeoutMs: "5s" });
expectTypeOf<Extract<Outcome<number>, { status: "skipped" }>["because"]>().toEqualTypeOf<
  "condition" | "dependency" | "stopped"
>();
// @ts-expect-error only what was skipped says because of what
expectTypeOf<Extract<Outcome<number>, { status: "failed" }>["because"]>();
// @ts-expect-error only a map has a limit of its own
task("wrong", () => {}, { concurrency: 3 });
task("right", () => {}, { when: async () => true });
task("right", () => {}, { when: async () => ({ skip: "nothing new" }) });
task("right", { count }, ({ count }) => count, { when: async ({ count }) => count > 1 });
map("right", users, (user) => user, { when: async () => false });
// @ts-expect-error a condition answers, also later
task("wrong", () => {}, { when: async () => "yes" });
// @ts-expect-error a skip has a reason, also later
task("wrong", () => {}, { when: async () => ({ skip: true }) });
task("right", () => {}, { retry: { attempts: 1, retryIf: async (error) => error !== undefined } });
// @ts-expect-error a policy says yes or no, also later
task("wrong", () => {}, { retry: { attempts: 1, retryIf: async () => "again" } });
// @ts-expect-error a skip has a reason
task("wrong", () => {}, { when: () => ({ skip: true }) });
task("right", () => {}, { retry: { attempts: 1, backoff: "linear" } });
// @ts-expect-error there is no such back-off
task("wrong", () => {}, { retry: { attempts: 1, backoff: "quadratic" } });
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
// Of a map it is each item's.
const checkedMap = map("checked", users, (user) => user.name, { output: z.coerce.number() });
expectTypeOf(checkedMap).toEqualTypeOf<Task<number[]>>();
const checkedItems = map("checked", users, { count }, (user) => user.name, { output: dateSchema });
expectTypeOf(checkedItems).toEqualTypeOf<Task<Date[]>>();
map("asked", users, { count }, (user) => user.name, {
  when: (inputs) => {
    expectTypeOf(inputs).toEqualTypeOf<{ readonly count: number }>();
    return inputs.count > 0;
  },
});

// ---- fallbacks

const guest = task("guest", () => ({ name: "Ada" }), { fallback: () => undefined });
expectTypeOf(guest).toEqualTypeOf<Task<{ name: string } | undefined>>();
const cached = task("cached", { count }, async ({ count }) => count, {
  retry: 1,
  fallback: async (error) => {
    expectTypeOf(error).toEqualTypeOf<unknown>();
    return "many";
  },
});
expectTypeOf(cached).toEqualTypeOf<Task<number | string>>();
expectTypeOf(
  task("checked", () => "1", { output: dateSchema, fallback: () => null }),
).toEqualTypeOf<Task<Date | null>>();
expectTypeOf(map("each", users, (user) => user.id, { fallback: () => -1n })).toEqualTypeOf<
  Task<(number | bigint)[]>
>();
const eachGiven = map("each", users, { count }, (user) => user.id, { fallback: () => null });
expectTypeOf(eachGiven).toEqualTypeOf<Task<(number | null)[]>>();
// One that only throws another error adds nothing.
const rethrown = task("rethrown", () => 1, {
  fallback: (error): never => {
    throw error;
  },
});
expectTypeOf(rethrown).toEqualTypeOf<Task<number>>();
const annotated: TaskOptions<unknown, undefined, number> = { fallback: () => 0 };
expectTypeOf(task("annotated", () => "text", annotated)).toEqualTypeOf<Task<string | number>>();
// @ts-expect-error a value is given by a function
task("wrong", () => [1], { fallback: [] });
// @ts-expect-error it is asked with the error alone
task("wrong", { count }, () => 1, { fallback: (_: unknown, inputs: { count: number }) => inputs });
// @ts-expect-error dependents may be given the fallback's value
task("wrong", { guest }, ({ guest }) => guest.name);

// ---- items that fail alone, and what they are called

const outcomes = map("outcomes", users, (user) => user.name, { items: "settled" });
expectTypeOf(outcomes).toEqualTypeOf<Task<Outcome<string>[]>>();
const withInputs = map("outcomes", users, { count }, (user) => user.name, {
  items: "settled",
  output: z.coerce.number(),
});
expectTypeOf(withInputs).toEqualTypeOf<Task<Outcome<number>[]>>();
expectTypeOf(map("values", users, (user) => user.name, { items: "all", retry: 1 })).toEqualTypeOf<
  Task<string[]>
>();
// Without a word that the compiler can read, it is not known what the map gives.
const either = "settled" as "all" | "settled";
expectTypeOf(map("either", users, (user) => user.name, { items: either })).toEqualTypeOf<
  Task<Outcome<string>[] | string[]>
>();
map("keyed", users, (user) => user.name, {
  key: (user, index) => {
    expectTypeOf(user).toEqualTypeOf<User>();
    expectTypeOf(index).toEqualTypeOf<number>();
    return user.name;
  },
});
// @ts-expect-error a key is a text
map("wrong", users, (user) => user.name, { key: (user) => user.id });
// @ts-expect-error a key is not waited for
map("wrong", users, (user) => user.name, { key: async (user) => user.name });
// @ts-expect-error there is no such word
map("wrong", users, (user) => user.name, { items: "ignored" });
// @ts-expect-error a task has no items
task("wrong", () => {}, { items: "settled" });
// @ts-expect-error nor a key
task("wrong", () => {}, { key: () => "one" });
// @ts-expect-error options that are written down say nothing of the items: the type of the map would not know it
({ items: "settled" }) satisfies MapOptions;

// ---- flows and reports --------------------------------------------------------------------------------------------

const daily = flow("daily", { report, total: count }, { tails: { audit } });
expectTypeOf(daily).toEqualTypeOf<Flow<{ readonly report: string; readonly total: number }>>();
expectTypeOf(daily.plan()).toEqualTypeOf<Plan>();
// Finally tasks are no results.
expectTypeOf(flow("daily", { report }, { finally: { audit } })).toEqualTypeOf<
  Flow<{ readonly report: string }>
>();
// @ts-expect-error finally tasks have names
flow("wrong", { report }, { finally: [audit] });
// @ts-expect-error finally tasks are tasks
flow("wrong", { report }, { finally: { audit: settled(audit) } });
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
  await daily.run({ params: { since: new Date() } });
  // @ts-expect-error one binding is no list of them
  await daily.run({ params: since.of(new Date()) });
  // @ts-expect-error a parameter is no value of one
  await daily.run({ params: since });
  // @ts-expect-error a list of values has no names
  await daily.run({ params: [new Date()] });
  expectTypeOf(done.failures).toEqualTypeOf<readonly TaskFailure[]>();
  expectTypeOf(done.failures.map(summarizeFailure)).toEqualTypeOf<string[]>();
  // @ts-expect-error what is told is not changed
  done.failures.pop();
  const started = daily.start();
  started.cancelTask("users", "not needed");
  expectTypeOf(started.snapshot()).toEqualTypeOf<RunSnapshot>();
  expectTypeOf(started.snapshot().counts.running).toEqualTypeOf<number>();
  // @ts-expect-error there is no such status
  void started.snapshot().counts.done;
  for await (const event of started.events({ unread: 100 })) {
    if (event.type === "events.lost") expectTypeOf(event.count).toEqualTypeOf<number>();
    if (event.type === "task.end") expectTypeOf(event.task).toEqualTypeOf<TaskInfo>();
    // @ts-expect-error there is no such event
    if (event.type === "task.done") return;
  }
  // @ts-expect-error a limit is a number
  started.events({ unread: "all" });
}

// ---- the second door ----------------------------------------------------------------------------------------------

const written = { build: { needs: [] as string[] }, deploy: { needs: ["build"] } };
new DynamicScheduler(
  [
    ["extract", async () => ({ rows: 1 })],
    ["load", (inputs: { rows: number }, context: TaskContext) => [inputs, context]],
    ["positional", (a: number, b: string, context: TaskContext) => [a, b, context]],
  ],
  [{ taskName: "extract" }, { taskName: "load", dependencies: [{ taskName: "extract" }] }],
  { dispatch: "stages", taskRetries: { load: { attempts: 2 } } },
);
// What a function takes and does not declare is known as far as it can be.
interface Extracted {
  readonly rows: number;
}
new DynamicScheduler(
  [
    ["plain", async (inputs, context) => [inputs, context.signal]],
    ["declared", async ({ rows }: Extracted, { progress }) => progress(rows)],
    ["narrow", (_inputs, context: Pick<TaskContext, "signal">) => context.signal],
    ["positional", (a: number, b: string, context: TaskContext) => [a, b, context]],
    ["none", () => {}],
  ],
  [],
);
// @ts-expect-error what a function takes and does not declare is not known
new DynamicScheduler([["load", async (inputs) => inputs.rows]], []);
// @ts-expect-error the context has no such field
new DynamicScheduler([["load", async (_inputs, context) => context.sinal]], []);
// @ts-expect-error a promise is no function
new DynamicScheduler([["load", Promise.resolve()]], []);
new DynamicScheduler([], [{ taskName: "load", dependencies: ["extract", { taskName: "b" }] }]);
// @ts-expect-error an order is no name
new DynamicScheduler([], ["load"]);
// @ts-expect-error names are strings
new DynamicScheduler([], [{ taskName: "load", dependencies: [1] }]);
expectTypeOf(
  DynamicScheduler.from(
    {
      clean: { run: () => {} },
      build: {
        run: async (_inputs, context) => context.signal,
        dependencies: ["clean"],
        retry: { attempts: 2 },
        timeoutMs: 5,
        output: z.unknown(),
      },
      pack: {
        run: ({ built }: { built: string }) => built,
        inputs: [{ from: { task: "build" }, to: { key: "built" } }],
      },
    },
    { concurrency: 2, ignoreTailTasks: ["pack"], dispatch: "stages" },
  ),
).toEqualTypeOf<DynamicScheduler>();
DynamicScheduler.from(
  { a: { run: () => 1 }, b: { run: () => 2, dependencies: ["a"], edges: { a: "settled" } } },
  { passOutputs: true },
);
DynamicScheduler.from({
  sizes: {
    run: (file: string, index: number, context: TaskContext) => [file, index, context],
    over: { task: "files", key: "list" },
    concurrency: 2,
  },
});
// A map's function is called with items, and so is what is asked of them.
DynamicScheduler.from({
  sizes: {
    run: (file, index, context) => {
      expectTypeOf(file).toEqualTypeOf<unknown>();
      expectTypeOf(index).toEqualTypeOf<number>();
      expectTypeOf(context).toEqualTypeOf<TaskContext>();
    },
    over: { task: "files" },
    fallback: (error) => {
      expectTypeOf(error).toEqualTypeOf<unknown>();
    },
  },
  ages: {
    run: (user: User) => user.id,
    over: { value: [] },
    key: (user, index) => {
      expectTypeOf(user).toEqualTypeOf<User>();
      return `${user.name} ${index}`;
    },
    resources: { db: (user: User, index) => user.id + index },
  },
  plain: { run: (_inputs, { progress }) => progress(1) },
});
DynamicScheduler.from({
  // @ts-expect-error a key is a text
  ages: { run: (user: User) => user, over: { task: "users" }, key: (user) => user.id },
});
// What else is asked declares what it is asked with.
DynamicScheduler.from({
  page: {
    run: ({ rows }: Extracted) => rows,
    when: async ({ rows }: Extracted) => rows > 1 || { skip: "no rows" },
    resources: { llm: ({ rows }: Extracted) => rows, db: 1 },
  },
});
new DynamicScheduler([], [], {
  taskOptions: {
    page: {
      when: ({ rows }: Extracted) => rows > 1,
      resources: { llm: ({ rows }: Extracted) => rows },
      fallback: (error) => String(error),
    },
  },
});
// @ts-expect-error a condition gives a verdict
DynamicScheduler.from({ page: { run: () => {}, when: () => "yes" } });
// @ts-expect-error an amount is a number
new DynamicScheduler([], [], { taskOptions: { page: { resources: { llm: () => "1" } } } });
// @ts-expect-error there is no such option
DynamicScheduler.from({ page: { run: () => {}, timeout: 1 } });
// @ts-expect-error a promise is no function
DynamicScheduler.from({ page: { run: Promise.resolve() } });
// Tasks that are known as such, and those that somebody else has written down.
const writtenTasks: Record<string, WrittenTask> = { a: { run: () => 1, retry: 2 } };
DynamicScheduler.from(writtenTasks);
DynamicScheduler.from(
  Object.fromEntries(Object.entries(written).map(([name]) => [name, { run: () => name }])),
);
DynamicScheduler.from({});
new DynamicScheduler([], [], { maps: { sizes: { over: { value: [1] }, concurrency: 2 } } });
// @ts-expect-error a map has a list
new DynamicScheduler([], [], { maps: { sizes: { concurrency: 2 } } });
// @ts-expect-error a list comes from somewhere
DynamicScheduler.from({ sizes: { run: () => {}, over: "files" } });
// @ts-expect-error there is no such edge
DynamicScheduler.from({ b: { run: () => 2, dependencies: ["a"], edges: { a: "maybe" } } });
// @ts-expect-error an edge has the name of a dependency
new DynamicScheduler([], [{ taskName: "b", dependencies: ["a"], edges: "optional" }]);
// @ts-expect-error a task has a function
DynamicScheduler.from({ build: { dependencies: ["clean"] } });
// @ts-expect-error dependencies are names
DynamicScheduler.from({ build: { run: () => {}, dependencies: [{ taskName: "clean" }] } });
// @ts-expect-error what other tools call dependencies
DynamicScheduler.from({ build: { run: () => {}, needs: ["clean"] } });
// @ts-expect-error retries stand with the task
DynamicScheduler.from({ build: { run: () => {} } }, { taskRetries: { build: 1 } });
// @ts-expect-error tasks have names
DynamicScheduler.from([{ run: () => {} }]);

export async function executions(scheduler: DynamicScheduler): Promise<void> {
  const done = await scheduler.execute({
    targets: ["load"],
    concurrency: 2,
    signal: AbortSignal.timeout(1),
  });
  expectTypeOf(done).toEqualTypeOf<ExecutionReport>();
  expectTypeOf(scheduler.start()).toEqualTypeOf<FlowRun<Record<string, unknown>>>();
  // @ts-expect-error values go into `taskDataRefs`
  await scheduler.execute({ params: {} });
  // @ts-expect-error functions and orders are the constructor's
  await scheduler.execute({ taskRetries: { load: 1 } });
  // @ts-expect-error there is no such option
  scheduler.start({ concurency: 1 });
}
// @ts-expect-error there is no such field
new DynamicScheduler([], [{ name: "load" }]);
// @ts-expect-error what other tools call dependencies
new DynamicScheduler([], [{ taskName: "load", deps: [{ taskName: "extract" }] }]);
const references = (names: string[]) => names.map((taskName) => ({ taskName }));
new DynamicScheduler(
  [],
  Object.entries(written).map(([taskName, { needs }]) => ({
    taskName,
    dependencies: references(needs),
  })),
);
new DynamicScheduler(
  [],
  // @ts-expect-error also where the compiler does not look for unknown keys
  Object.entries(written).map(([taskName, { needs }]) => ({ taskName, deps: references(needs) })),
);
new DynamicScheduler(
  [],
  // @ts-expect-error
  Object.entries(written).map(([taskName, { needs }]) => ({ taskName, needs: references(needs) })),
);
new DynamicScheduler([], [{ taskName: "load", dependencies: undefined }], {
  name: undefined,
  taskOptions: { load: { output: z.string(), timeoutMs: undefined } },
  dispatch: undefined,
});
// @ts-expect-error a scheduler runs all of its tasks
new DynamicScheduler([], [], { targets: ["load"] });
// @ts-expect-error retries go into `taskRetries`
new DynamicScheduler([], [], { taskOptions: { load: { retry: 1 } } });
// @ts-expect-error an input goes somewhere
new DynamicScheduler([], [], { taskDataRefs: { load: { inputs: [{ from: { value: 1 } }] } } });

// ---- things ------------------------------------------------------------------------------------------------------

interface Db {
  close(): Promise<void>;
}
const openDb = async (): Promise<Db> => ({ close: async () => {} });

// The value is what the function gives, or what its schema makes of that; the signal says when nobody waits any more.
expectTypeOf(
  task("db", openDb, {
    release: (db, { signal }) => {
      expectTypeOf(db).toEqualTypeOf<Db>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return db.close();
    },
  }),
).toEqualTypeOf<Task<Db>>();
task("db", { count }, ({ count }) => count, {
  release: (db) => {
    expectTypeOf(db).toEqualTypeOf<number>();
  },
});
task("db", () => ({ id: "7" }), {
  output: z.object({ id: z.string().transform(Number) }),
  release: ({ id }) => {
    expectTypeOf(id).toEqualTypeOf<number>();
  },
});
// A release declares less, or nothing; a wider parameter fits.
task("db", openDb, { release: () => {} });
task("db", openDb, { release: (db: unknown) => db, retry: undefined });
task("db", openDb, { release: undefined });
// @ts-expect-error: it is no text
task("db", openDb, { release: (db: string) => db });
// @ts-expect-error: a value has no such method
task("db", openDb, { release: (db) => db.shut() });
// @ts-expect-error: it is a function
task("db", openDb, { release: true });
// @ts-expect-error: the value of a map is a list that lives nowhere
map("rows", users, (user) => user.id, { release: () => {} });
DynamicScheduler.from({ db: { run: openDb, release: (db: Db) => db.close() } });
new DynamicScheduler([["db", openDb]], [{ taskName: "db" }], {
  taskOptions: { db: { release: (db: Db, { signal }) => [db, signal.aborted] } },
});
// Through the second door it is what the function beside it gives, or its schema.
DynamicScheduler.from({
  db: {
    run: openDb,
    release: (db, { signal }) => {
      expectTypeOf(db).toEqualTypeOf<Db>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    },
    lost: (db) => {
      expectTypeOf(db).toEqualTypeOf<Db>();
      return db.close();
    },
  },
  id: {
    run: () => ({ id: "7" }),
    dependencies: ["db"],
    output: z.object({ id: z.string().transform(Number) }),
    release: ({ id }) => {
      expectTypeOf(id).toEqualTypeOf<number>();
    },
  },
  other: { run: (_inputs, context) => context.signal },
});
// @ts-expect-error: a value has no such method
DynamicScheduler.from({ db: { run: openDb, release: (db) => db.shut() } });
// @ts-expect-error: it is no text
DynamicScheduler.from({ db: { run: openDb, release: (db: string) => db } });
// @ts-expect-error: it is no promise
DynamicScheduler.from({ db: { run: openDb, release: () => {}, lost: () => true } });

// What settles when it has gone is a promise, of whatever it is.
task("db", openDb, {
  release: (db) => db.close(),
  lost: (db) => {
    expectTypeOf(db).toEqualTypeOf<Db>();
    return new Promise<number>(() => {});
  },
});
// @ts-expect-error: it is no promise
task("db", openDb, { release: () => {}, lost: () => true });
// @ts-expect-error: the value of a map is a list that lives nowhere
map("rows", users, (user) => user.id, { lost: async () => {} });
DynamicScheduler.from({
  db: { run: openDb, release: () => {}, lost: (db: Db) => db.close() },
});

// ---- signals ---------------------------------------------------------------------------------------------------------

const stopped = await stopOnSignals(flow("f", { count }).start());
expectTypeOf(stopped.unwrap().count).toEqualTypeOf<number>();
// @ts-expect-error a run that was started, not a flow
void stopOnSignals(flow("f", { count }));
// @ts-expect-error nor its report
void stopOnSignals(flow("f", { count }).run());

// ---- what a task says -------------------------------------------------------------------------------------------------

task("says", (_, { log, remainingMs, skip }) => {
  log("page", { number: 3, last: false });
  expectTypeOf(remainingMs()).toEqualTypeOf<number>();
  // @ts-expect-error attributes are texts, numbers and flags
  log("page", { number: [3] });
  // @ts-expect-error a line says something
  log();
  // @ts-expect-error a skip has a reason
  skip();
});
