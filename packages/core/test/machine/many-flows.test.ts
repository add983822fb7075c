/** Many flows inside of tasks at once: what one of them waits for is not looked at again with every event of another. */
import { describe, expect, it } from "vitest";
import type { Graph } from "../../src/define/graph.ts";
import { flow, map, task, value } from "../../src/index.ts";
import { Bounds } from "../../src/machine/bounds.ts";
import { Flows } from "../../src/machine/flows.ts";
import { Ledger } from "../../src/machine/ledger.ts";
import type { Rows } from "../../src/machine/rows.ts";
import type { Inner, Scope } from "../../src/machine/scope.ts";
import type { Scopes } from "../../src/machine/scopes.ts";
import { Turn } from "../../src/machine/turn.ts";
import { VirtualClock } from "../../src/testing.ts";

const NO_FLOWS: Partial<Graph> = { subflows: [] };

/** As many flows as that, all of whose main rows have ended, and how often any of them is looked at. */
function flows(count: number, { phase, waits }: { phase: Scope["phase"]; waits: Partial<Inner> }) {
  const ledger = new Ledger(count);
  const run: Partial<Scope> = { phase: "open", outer: undefined };
  const counted = { looks: 0 };
  const rows: Partial<Rows> = {
    roleOf: () => {
      counted.looks++;
      return "main";
    },
  };
  const inners = Array.from({ length: count }, (_, owner) => {
    const open = { main: 0, finally: 0, tails: 0 };
    const none = { alive: 0, lingering: 0, over: false, opened: true };
    return { phase, owner, outer: run, open, ...none, ...waits } as Inner;
  });
  const scopes: Partial<Scopes> = {
    run: run as Scope,
    of: (row) => inners[row] as Inner,
  };
  return {
    inners,
    counted,
    flows: new Flows(rows as Rows, ledger, scopes as Scopes, NO_FLOWS as Graph),
  };
}

describe("A flow whose main rows have ended is looked at when what it waits for has come, and not before:", () => {
  it("its finally rows, or what lives in it", () => {
    const all = flows(1000, { phase: "closing", waits: { alive: 1 } });
    for (const inner of all.inners) {
      all.flows.mayEnd(inner);
      expect(all.flows.nextDone()).toBeUndefined();
    }
    for (const inner of all.inners) {
      inner.alive--;
      all.flows.mayEnd(inner);
      expect(all.flows.nextDone()).toBe(inner);
    }
    expect(all.counted.looks).toBe(2000);
  });

  it("answers that nobody wants any more", () => {
    const all = flows(1000, { phase: "stopped", waits: {} });
    for (const { owner } of all.inners) all.flows.lingers(owner, 1);
    for (const inner of all.inners) {
      all.flows.mayEnd(inner);
      expect(all.flows.nextDone()).toBeUndefined();
    }
    for (const inner of all.inners) {
      all.flows.lingers(inner.owner, -1);
      expect(all.flows.nextDone()).toBe(inner);
    }
    expect(all.counted.looks).toBe(2000);
  });
});

it("2,000 items that have become flows are called off, each when the condition has answered that it asked", async () => {
  const clock = new VirtualClock();
  const abort = new AbortController();
  let asked = 0;
  const when = async () => {
    if (++asked === 2000) abort.abort();
    await clock.wait(10);
    return true;
  };
  const list = value(Array.from({ length: 2000 }, (_, at) => at));
  const items = map("items", list, () => flow("inner", { a: task("a", {}, () => "a", { when }) }));
  const report = await clock.run(flow("outer", { items }).run({ clock, signal: abort.signal }));
  expect(report).toMatchObject({ executionState: "cancelled", skippedTasks: 2000 });
});

it("What comes up in a tail that was left behind is added to what was, which is not copied", () => {
  const bounds = new Bounds(new Ledger(9), new Turn(), false);
  bounds.settle(false, [3]);
  const { detached } = bounds;
  bounds.detach([4, 5]);
  expect(bounds.detached).toBe(detached);
  expect([...detached]).toEqual([3, 4, 5]);
});
