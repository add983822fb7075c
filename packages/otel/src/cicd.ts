/**
 * The names of the CI/CD conventions (opentelemetry.io/docs/specs/semconv/cicd, 1.45.0, in development there), for those
 * who ask for them with `semconv: { cicd: true }`. The URL of a task's run is required there and cannot be known here.
 */
import type { RunInfo, RunResult, TaskInfo, TaskResult } from "@astrum/core";
import type { Attributes } from "@opentelemetry/api";

/** What was restored did not run again; the enumeration has no word for a tail that goes on. */
const RESULTS: Readonly<Record<TaskResult, string | undefined>> = {
  success: "success",
  failure: "failure",
  timeout: "timeout",
  cancellation: "cancellation",
  skip: "skip",
  restored: "skip",
  cached: "skip",
  detached: undefined,
};

export function cicdRun({ flow, runId }: RunInfo): Attributes {
  return {
    "cicd.pipeline.name": flow,
    "cicd.pipeline.run.id": runId,
    "cicd.pipeline.action.name": "RUN",
  };
}

export function cicdRunEnd(result: RunResult): Attributes {
  return { "cicd.pipeline.result": result };
}

export function cicdTask({ name, key, run }: TaskInfo): Attributes {
  return { "cicd.pipeline.task.name": name, "cicd.pipeline.task.run.id": `${run.runId}/${key}` };
}

export function cicdTaskEnd(result: TaskResult): Attributes {
  const word = RESULTS[result];
  return word === undefined ? {} : { "cicd.pipeline.task.run.result": word };
}
