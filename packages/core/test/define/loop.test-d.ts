/** What the compiler must accept of a loop, and must refuse. `tsc` is the test. */
import { expectTypeOf } from "vitest";
import {
  type Flow,
  flow,
  LoopLimitError,
  loop,
  param,
  type Task,
  task,
  value,
} from "../../src/index.ts";

interface Draft {
  readonly text: string;
  readonly score: number;
}
declare const draftOf: (from: string) => Flow<Draft>;
const topic = task("topic", () => "tea");
const words = param<number>("words");

// ---- what is inferred: inputs, outputs, the value ----------------------------------------------------------------

const draft = loop(
  "draft",
  { topic, words, tone: value("dry") },
  {
    first: ({ topic, words, tone }) => {
      expectTypeOf(topic).toEqualTypeOf<string>();
      expectTypeOf(words).toEqualTypeOf<number>();
      expectTypeOf(tone).toEqualTypeOf<string>();
      return draftOf(topic);
    },
    next: (previous, inputs, iteration) => {
      expectTypeOf(previous).toEqualTypeOf<Draft>();
      expectTypeOf(inputs.words).toEqualTypeOf<number>();
      expectTypeOf(iteration).toEqualTypeOf<number>();
      return draftOf(previous.text);
    },
    until: ({ score }) => score > 3,
    max: 5,
    when: ({ topic }) => topic !== "",
    priority: 1,
    tags: ["model"],
    version: "2",
  },
);
expectTypeOf(draft).toEqualTypeOf<Task<Draft>>();
task("print", { draft }, ({ draft }) => draft.text.length + draft.score);

// Steps may give promises, and a flow may give more than it must.
const later = loop(
  "later",
  {},
  {
    first: async () => flow("one", { n: task("n", () => 1) }),
    next: async ({ n }) =>
      flow("more", { n: task("n", async () => n + 1), why: task("why", () => "so") }),
    until: async ({ n }) => n > 3,
    max: 5,
  },
);
expectTypeOf(later).toEqualTypeOf<Task<{ readonly n: number }>>();

// What a fallback gives may be the value.
const tried = loop(
  "tried",
  { topic },
  {
    first: ({ topic }) => draftOf(topic),
    next: ({ text }) => draftOf(text),
    until: ({ score }) => score > 3,
    max: 5,
    fallback: (error) => (error instanceof LoopLimitError ? error.iterations : 0),
  },
);
expectTypeOf(tried).toEqualTypeOf<Task<Draft | number>>();
expectTypeOf(LoopLimitError.prototype.outputs).toEqualTypeOf<unknown>();

// ---- what is refused ---------------------------------------------------------------------------------------------

const steps = {
  first: () => draftOf("a"),
  next: () => draftOf("b"),
  until: () => true,
};

// @ts-expect-error a loop without an end
loop("endless", {}, steps);
// @ts-expect-error no flow
loop("none", {}, { ...steps, max: 3, first: () => ({ text: "a", score: 1 }) });
loop(
  "other",
  {},
  {
    first: () => draftOf("a"),
    // @ts-expect-error a flow that gives less than the first one
    next: () => flow("x", { text: task("text", () => "b") }),
    until: () => true,
    max: 3,
  },
);
// @ts-expect-error no verdict
loop("maybe", {}, { ...steps, max: 3, until: () => "yes" });
// @ts-expect-error inputs are an object
loop("input", topic, { ...steps, max: 3 });
loop(
  "unread",
  { topic },
  {
    // @ts-expect-error no such input
    first: ({ title }) => draftOf(title),
    next: () => draftOf("b"),
    until: () => true,
    max: 3,
  },
);
// @ts-expect-error retries belong to the tasks of its flows
loop("again", {}, { ...steps, max: 3, retry: 2 });
// @ts-expect-error a number
loop("many", {}, { ...steps, max: "3" });
