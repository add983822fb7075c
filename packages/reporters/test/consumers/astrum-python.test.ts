import { describe, expect, it } from "vitest";
import { toAstrumPython } from "../../src/index.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { run, withFile } from "./programs.ts";

/** The report of the Python scheduler as its readers know it: these fields, of these types, and no others. */
const READ = `
import json, sys
from datetime import datetime, timezone

REPORT = {
    "total_start_time": float, "total_end_time": float, "total_duration": float, "planning_duration": float,
    "execution_duration": float, "total_tasks": int, "total_stages": int, "max_parallelism": int,
    "successful_tasks": int, "failed_tasks": int, "stage_statistics": list, "task_statistics": list,
    "execution_state": str, "error_summary": list, "original_tasks": dict, "task_return_set": dict,
}
STAGE = {
    "stage_id": int, "stage_name": str, "start_time": float, "end_time": float, "duration": float,
    "parallel_task_count": int, "wait_task_count": int, "parallel_tasks": list, "wait_tasks": list,
}
TASK = {
    "task_name": str, "stage_id": int, "start_time": float, "end_time": float, "duration": float, "status": str,
    "error_message": (str, type(None)), "retry": int, "attempt_count": int, "attempt_statistics": list,
}
ATTEMPT = {
    "task_name": str, "attempt_number": int, "max_retries": int, "start_time": float, "end_time": float,
    "duration": float, "status": str, "error_message": (str, type(None)), "will_retry": bool,
}

def check(value, fields):
    assert value.keys() == fields.keys(), value.keys() ^ fields.keys()
    for name, kind in fields.items():
        kinds = (int, float) if kind is float else kind
        assert isinstance(value[name], kinds), (name, value[name])
    if "start_time" in value:
        assert value["start_time"] <= value["end_time"], value
        assert value["duration"] >= 0, value
    if "status" in value:
        assert value["status"] in ("completed", "failed", "cancelled"), value

with open(sys.argv[1], encoding="utf-8") as file:
    report = json.load(file)
check(report, REPORT)
assert report["execution_state"] in ("completed", "failed", "cancelled")
for stage in report["stage_statistics"]: check(stage, STAGE)
for task in report["task_statistics"]:
    check(task, TASK)
    for attempt in task["attempt_statistics"]: check(attempt, ATTEMPT)
print(json.dumps({
    "names": [task["task_name"] for task in report["task_statistics"]],
    "attempts": sum(len(task["attempt_statistics"]) for task in report["task_statistics"]),
    "started": datetime.fromtimestamp(report["total_start_time"], timezone.utc).isoformat(timespec="milliseconds"),
    "original": list(report["original_tasks"].items()),
}))
`;

interface Read {
  readonly names: string[];
  readonly attempts: number;
  readonly started: string;
  readonly original: [string, string[]][];
}

describe.each(fixtureNames)("the fixture %s for tools of the Python scheduler", (name) => {
  it("has in Python the fields and types they know, every task that started and the graph", () => {
    const report = fixture(name);
    const text = JSON.stringify(toAstrumPython(report, { outputs: true }));
    const { code, stdout, stderr } = withFile(text, (file) => run("python3", ["-c", READ, file]));
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const read = JSON.parse(stdout) as Read;
    const started = report.taskStatistics.filter(({ startAt }) => startAt !== null);
    expect(read.names).toEqual(started.map(({ taskName }) => taskName));
    expect(read.attempts).toBe(report.totalAttempts);
    expect(read.started).toBe(report.run.startedAt.replace("Z", "+00:00"));
    expect(read.original).toEqual(Object.entries(report.originalTasks));
  });
});
