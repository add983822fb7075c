import {
  type AttemptScope,
  type Observer,
  type RunResult,
  runResult,
  taskResult,
} from "@astrum/core";
import { describe } from "vitest";
import { testVerdicts, type Verdicts } from "../src/index.ts";

/** What any observer can count by, with nothing but the core's own words. */
function counting(): { observers: readonly Observer[]; told: () => Verdicts } {
  const tasks: Record<string, number> = {};
  const failures: Record<string, number> = {};
  const maps = new Set<string>();
  const counts = { tolerated: 0, abandoned: 0, retries: 0 };
  let run: RunResult = "success";
  const attempt: AttemptScope = {};
  const observer: Observer = {
    name: "counting",
    run: () => ({
      status({ task }) {
        if (task.kind === "item" && task.parent !== undefined) maps.add(task.parent);
      },
      task: () => ({
        attempt(event) {
          if (event.attempt.number > 1) counts.retries++;
          return attempt;
        },
        end({ task, outcome }) {
          if (maps.has(task.key)) return;
          const result = taskResult(outcome);
          if (result === "failure" || result === "timeout") {
            failures[result] = (failures[result] ?? 0) + 1;
          }
          if (outcome.status === "abandoned") counts.abandoned++;
          if ("tolerated" in outcome) counts.tolerated++;
          tasks[result] = (tasks[result] ?? 0) + 1;
        },
      }),
      end(event) {
        run = runResult(event);
      },
    }),
  };
  return { observers: [observer], told: () => ({ run, failures, ...counts }) };
}

describe("The events of a run", () => testVerdicts(counting));
