import { encodeValue } from "@astrum/core";
import { expect, it } from "vitest";
import {
  asEnding,
  asWord,
  type Ending,
  endingIn,
  failedReasonOf,
  type JobData,
  jobIdOf,
} from "../src/wire/protocol.ts";
import { Signer } from "../src/wire/signature.ts";

const of = (runId: string, taskName: string, attempt = 1, call?: number): string =>
  jobIdOf({ runId, taskName, attempt, ...(call !== undefined && { call }) });

it("A job's id names run, task, attempt and call; no two are the same, and BullMQ takes each", () => {
  expect(of("run", "map[3]", 2)).toBe("run/map[3]/2");
  expect(of("r", "t", 1, 2)).toBe("r/t/1/2");
  expect(of("a:b", "c/d %")).toBe("a%3Ab/c%2Fd%20%25/1");
  expect(of("a/b", "c")).not.toBe(of("a", "b/c"));
  expect(of("a%2Fb", "c")).not.toBe(of("a/b", "c"));
});

const base = { executor: "h:1", deliveries: 1, by: "me", hash: "h" };

it("The reason of a failed job is a line for people and the ending for the scheduler", () => {
  const ending: Ending = { ...base, kind: "uncrossable", path: "result.a", what: "is a\nHandle" };
  const reason = failedReasonOf("RangeError: out\nof {range}", ending);
  expect(reason.split("\n")[0]).toBe("RangeError: out of {range}");
  expect(endingIn(reason)).toEqual(ending);
  expect(endingIn("job stalled more than allowable limit")).toBeUndefined();
  expect(endingIn("x\n{broken")).toBeUndefined();
});

it("What a job gave back is an ending when a worker of a fleet completed it", () => {
  const ending: Ending = { ...base, kind: "value", value: encodeValue(null) };
  expect(asEnding(ending)).toBe(ending);
  for (const other of [null, undefined, 5, "value", [], {}, { kind: 1 }])
    expect(asEnding(other)).toBeUndefined();
  for (const bent of [{ deliveries: "1" }, { attributes: 5 }, { spent: [1] }, { log: {} }]) {
    expect(asEnding({ ...ending, ...bent })).toBeUndefined();
    expect(endingIn(failedReasonOf("x", { ...ending, ...bent } as Ending))).toBeUndefined();
  }
});

it("What a job has as its progress is the word of a worker when it has the shape of one", () => {
  for (const word of [
    { n: 1, fraction: 0.5 },
    { left: "h:1", known: ["a"] },
  ])
    expect(asWord(word)).toBe(word);
  for (const other of [0, null, "half", [], {}, { left: "h:1" }, { n: 1 }, { n: "1", fraction: 1 }])
    expect(asWord(other)).toBeUndefined();
});

it("A signature holds for one job, one export and one payload", () => {
  const data: JobData = {
    v: 2,
    runId: "r",
    taskName: "t",
    attempt: 1,
    args: encodeValue([{ b: 1, a: [new Date(2)] }]),
    hash: "h",
    by: "me",
    maxBytes: 9,
  };
  const signer = new Signer("a key of sixteen characters or more");
  const sent = JSON.parse(JSON.stringify(signer.job("r/t/1", "render", data))) as JobData;
  expect(signer.isOurJob("r/t/1", "render", sent)).toBe(true);
  expect(signer.isOurJob("r/t/2", "render", sent)).toBe(false);
  expect(signer.isOurJob("r/t/1", "remove", sent)).toBe(false);
  expect(signer.isOurJob("r/t/1", "render", { ...sent, args: encodeValue([]) })).toBe(false);
  expect(signer.isOurJob("r/t/1", "render", data)).toBe(false);
  expect(new Signer("another key of enough length").isOurJob("r/t/1", "render", sent)).toBe(false);
  const ending = signer.ending("r/t/1", { ...base, kind: "value", value: encodeValue(1) });
  expect(signer.isOurEnding("r/t/1", ending)).toBe(true);
  expect(signer.isOurEnding("r/t/1", { ...ending, deliveries: 2 })).toBe(false);
  expect(new Signer(undefined).isOurJob("r/t/1", "render", data)).toBe(true);
});
