import fc from "fast-check";
import { expect, test } from "vitest";
import { fewPairs, OTHER, type PairLimits, type TakenPairs } from "../src/index.ts";

const none = (): TakenPairs => ({ tasksOf: new Map(), beyond: 0 });
const names = (count: number, of = "t"): string[] =>
  Array.from({ length: count }, (_, at) => `${of}${at}`);

function pairs(limits: PairLimits, taken = none()) {
  const refused: string[] = [];
  const few = fewPairs(limits, taken, (what, name) => refused.push(`${what} ${name}`));
  const labels = (flow: string, tasks: readonly string[]): string[] => {
    const label = few.flow(flow);
    return tasks.map((task) => `${label}/${few.task(label, task)}`);
  };
  return { labels, refused };
}

test("a flow with very many tasks takes nothing from the share of another", () => {
  const { labels, refused } = pairs({ flows: 10, perFlow: 100, pairs: 40 });
  const greedy = labels("greedy", names(1000));
  expect(new Set(greedy).size).toBe(2 + 20 + 1);
  expect(greedy.at(-1)).toBe("greedy/_other");
  expect(labels("late", ["a", "b", "c"])).toEqual(["late/a", "late/b", "late/_other"]);
  expect(refused).toHaveLength(1000 - 22 + 1);
  expect(labels("greedy", ["t0", "t21", "t22"])).toEqual([
    "greedy/t0",
    "greedy/t21",
    "greedy/_other",
  ]);
});

test("a flow beyond the limit is `_other`, with its tasks bounded like those of one flow", () => {
  const { labels, refused } = pairs({ flows: 2, perFlow: 3, pairs: 100 });
  labels("a", ["x"]);
  labels("b", ["x"]);
  expect(labels("c", names(4))).toEqual(["_other/t0", "_other/t1", "_other/t2", "_other/_other"]);
  expect(labels("a", ["y"])).toEqual(["a/y"]);
  expect(refused).toEqual(["flow c", "task t3"]);
});

test("only what is allowed has a name, and what is not is no want of room", () => {
  const { labels, refused } = pairs({ flows: 2, perFlow: 9, pairs: 9, allow: new Set(["x"]) });
  expect(labels("a", ["x", "y"])).toEqual(["a/x", "a/_other"]);
  expect(refused).toEqual([]);
});

test("whoever asks what, there are never more pairs than the limit, and every flow has its share", () => {
  const limit = fc.integer({ min: 1, max: 12 });
  const asked = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 400 });
  fc.assert(
    fc.property(
      limit,
      limit,
      fc.integer({ min: 1, max: 60 }),
      asked,
      (flows, perFlow, most, ask) => {
        const taken = none();
        const { labels } = pairs({ flows, perFlow, pairs: most }, taken);
        const share = Math.min(perFlow, Math.max(1, Math.floor(most / 2 / flows)));
        const wanted = new Map<string, Set<string>>();
        for (const [flow, task] of ask) {
          const [label] = labels(`f${flow}`, [`t${task}`]) as [string];
          const own = label.slice(0, label.indexOf("/"));
          wanted.set(own, (wanted.get(own) ?? new Set()).add(`t${task}`));
        }
        let inFlows = 0;
        for (const [flow, tasks] of taken.tasksOf) {
          expect(tasks.size).toBeLessThanOrEqual(perFlow);
          expect(tasks.size).toBeGreaterThanOrEqual(Math.min(share, wanted.get(flow)?.size ?? 0));
          if (flow !== OTHER) inFlows += tasks.size;
        }
        expect(taken.tasksOf.size).toBeLessThanOrEqual(flows + 1);
        expect(inFlows).toBeLessThanOrEqual(Math.max(most, flows));
      },
    ),
    { seed: 20_260_101 },
  );
});
