/** Flows in flows as small as they can be, of those that random runs found: each is held to what holds for any. */
import { it } from "vitest";
import { everyNest } from "./every-nest.ts";
import type { NestFlow, NestRun, NestTask } from "./random-nest.ts";

const PLAIN: NestTask = {
  kind: "plain",
  inside: undefined,
  items: 0,
  times: 1,
  max: 3,
  stepMs: -1,
  throws: "none",
  edges: [],
  ms: 0,
  fails: false,
  retries: 0,
  ignored: false,
  fallback: false,
  when: "none",
  role: "root",
  alone: false,
  deadline: false,
  reads: false,
  deaf: false,
};

function nest(tasks: readonly Partial<NestTask>[], lives = false): NestFlow {
  return { lives, tasks: tasks.map((one) => ({ ...PLAIN, ...one })) };
}

const RUN: Omit<NestRun, "flow"> = {
  failure: "stop",
  concurrency: undefined,
  keep: "all",
  acts: [],
};

it("A tail beside something that lives reads nothing of it: it may be tried again when that has been released", () =>
  everyNest({
    ...RUN,
    concurrency: 1,
    flow: nest([
      {
        kind: "becomes",
        inside: nest(
          [{ reads: true }, { role: "tail", reads: true, ms: 3, fails: true, retries: 1 }],
          true,
        ),
      },
    ]),
  }));

it("Who was late for a deadline may be in time when its run is taken up, and what then comes after it fail", () =>
  everyNest({
    ...RUN,
    concurrency: 2,
    flow: nest([
      { kind: "becomes", inside: nest([{}]), ms: 1, ignored: true, deadline: true },
      { kind: "map", inside: nest([{}]), items: 2, ms: 9 },
      { edges: [{ from: 0, kind: "value" }], fails: true },
      // These make the items go before what is inside of the first task.
      { edges: [{ from: 0.4, kind: "value" }] },
      { edges: [{ from: 0.75, kind: "value" }] },
    ]),
  }));
