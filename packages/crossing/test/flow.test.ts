import { flow, task } from "@astrum/core";
import { describe, expect, test } from "vitest";
import { findCloneObstacle, flowObstacle } from "../src/index.js";
import { hostile } from "./hostile.ts";

const inner = flow("inner", { one: task("one", () => 1) });

describe("a flow", () => {
  test("is an obstacle by itself, also where all of its fields could cross", () => {
    for (const whole of [inner, flow("none", {})]) {
      expect(flowObstacle(whole, "result")).toEqual({
        path: "result",
        what: expect.stringMatching(/^a flow \(only a function in the thread of the run/),
      });
    }
  });

  test("is found inside of others", () => {
    const obstacle = { path: "result.next[0]", what: expect.stringMatching(/^a flow \(/) };
    expect(findCloneObstacle({ next: [inner] }, "result")).toEqual(obstacle);
  });

  test("is nothing else, whatever that does when it is looked at", () => {
    const others = [
      1,
      null,
      undefined,
      "flow",
      {},
      { graph: 1 },
      task("one", () => 1),
      () => inner,
    ];
    for (const other of [...others, ...Object.values(hostile)]) {
      expect(flowObstacle(other, "result")).toBeUndefined();
    }
  });
});
