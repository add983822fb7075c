/** Flows that are made again and again share what is the same of them, and nothing else. */
import { describe, expect, it } from "vitest";
import { FlowHandle } from "../../src/define/flow-handle.ts";
import type { Graph } from "../../src/define/graph.ts";
import { after, flow, map, optional, PlanError, param, type Task, task } from "../../src/index.ts";

function graphOf(made: unknown): Graph {
  if (!(made instanceof FlowHandle)) throw new TypeError("Expected a flow");
  return made.graph;
}

/** Loads and resizes. */
function thumb(item: number) {
  const load = task("load", () => item);
  return flow("thumb", { small: task("resize", { load }, ({ load }) => load * 10) });
}

describe("Flows of one shape", () => {
  it("share names and edges, and have functions of their own", async () => {
    const [first, second] = [thumb(1), thumb(2)];
    expect(graphOf(second).dependents).toBe(graphOf(first).dependents);
    expect(graphOf(second).index).toBe(graphOf(first).index);
    expect((await first.run()).unwrap()).toEqual({ small: 10 });
    expect((await second.run()).unwrap()).toEqual({ small: 20 });
  });

  it("may have options of their own, which are checked", () => {
    thumb(1);
    const load = task("load", () => 1, { retry: -1 });
    const resize = task("resize", { load }, ({ load }) => load);
    expect(() => flow("thumb", { small: resize })).toThrow(PlanError);
  });

  const load = (): Task<number> => task("load", () => 1);
  const others: [what: string, make: () => unknown][] = [
    ["a name", () => flow("thumb", { small: task("resized", { load: load() }, () => 1) })],
    [
      "a kind of edge",
      () => flow("thumb", { small: task("resize", { load: optional(load()) }, () => 1) }),
    ],
    [
      "another kind of edge",
      () => flow("thumb", { small: task("resize", { load: after(load()) }, () => 1) }),
    ],
    [
      "an edge more",
      () => {
        const one = load();
        return flow("thumb", { small: task("resize", { one, two: one }, () => 1) });
      },
    ],
    ["an edge less", () => flow("thumb", { load: load(), small: task("resize", () => 1) })],
    [
      "the key of a root",
      () => flow("thumb", { large: task("resize", { load: load() }, () => 1) }),
    ],
    [
      "the task of a root",
      () => {
        const one = load();
        return flow("thumb", { small: one, more: task("resize", { one }, () => 1) });
      },
    ],
    [
      "a tail",
      () =>
        flow(
          "thumb",
          { small: task("resize", { load: load() }, () => 1) },
          { tails: { t: task("t", () => 1) } },
        ),
    ],
    [
      "a finally task",
      () =>
        flow(
          "thumb",
          { small: task("resize", { load: load() }, () => 1) },
          { finally: { f: task("f", () => 1) } },
        ),
    ],
    [
      "a parameter",
      () =>
        flow("thumb", { small: task("resize", { load: load(), p: param<number>("p") }, () => 1) }),
    ],
  ];
  it.each(others)("that differ by %s share nothing", (_, make) => {
    const known = graphOf(thumb(1));
    expect(graphOf(make()).dependents).not.toBe(known.dependents);
  });

  it("are taken for none where a map is a task", () => {
    const list = task("load", () => [1]);
    const mapped = flow("thumb", { small: map("resize", list, (item) => item) });
    const known = graphOf(mapped);
    expect(graphOf(thumb(1)).dependents).not.toBe(known.dependents);
  });
});
