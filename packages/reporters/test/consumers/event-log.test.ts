import type { TaskStatus } from "@astrum/core";
import { describe, expect, it } from "vitest";
import { renderNdjson } from "../../src/index.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { run } from "./programs.ts";

/** How each task ended, one per line: the question people ask a log with `jq`. */
const ENDS = 'select(.type == "task.end") | [.task, .outcome.status]';

function whole(text: string): string {
  return text.replace(/\p{Cs}/gu, "\ufffd");
}

describe.each(fixtureNames)("the event log of the fixture %s, as jq reads it", (name) => {
  // A name cut inside a character comes back as it was, which jq refuses: this is the way out.
  const text = renderNdjson(fixture(name), { redact: whole });

  it("is one object a line, numbered without a gap", () => {
    const { code, stdout, stderr } = run("jq", ["-c", "[type, .v, .seq]"], text);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const count = text.trimEnd().split("\n").length;
    expect(stdout.trimEnd().split("\n")).toEqual(
      Array.from({ length: count }, (_, seq) => JSON.stringify(["object", 1, seq])),
    );
  });

  it("says once how every task ended, under its name", () => {
    const { stdout } = run("jq", ["-c", ENDS], text);
    const ends = stdout.split("\n").filter((line) => line !== "");
    const byName = new Map(ends.map((line) => JSON.parse(line) as [string, TaskStatus]));
    expect(ends).toHaveLength(fixture(name).totalTasks);
    for (const { taskName, status } of fixture(name).taskStatistics)
      expect(byName.get(whole(taskName)), taskName).toBe(status);
  });
});

it("a log that holds half a surrogate pair is what jq refuses, so the way out is needed", () => {
  const log = renderNdjson({ ...fixture("one"), run: { ...fixture("one").run, flow: "\ud83d" } });
  expect(run("jq", ["-c", "type"], log).code).not.toBe(0);
});
