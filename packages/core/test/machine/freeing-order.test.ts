/** In which order tasks go when outputs are let go, and what that costs: figures, on the virtual clock. */
import { describe, expect, it } from "vitest";
import type { GraphPlan } from "../../src/define/plan.ts";
import {
  type Flow,
  flow,
  type Input,
  type RunOptions,
  settled,
  type Task,
  task,
} from "../../src/index.ts";
import { Run } from "../../src/machine/run.ts";
import { COMPLETED } from "../../src/machine/states.ts";
import { recorded, VirtualClock } from "../../src/testing.ts";
import { chance } from "../hostile-observer.ts";

/** What a run did: when it ended, and how many outputs of such tasks somebody had still to read at once, at most. */
async function held(
  clock: VirtualClock,
  of: Flow<Record<string, unknown>>,
  options: RunOptions,
  counts: (name: string) => boolean = () => true,
): Promise<{ most: number; ms: number }> {
  const { options: taped, recording } = recorded({ clock, ...options });
  const { totalDurationMs: ms } = await clock.run(of.run(taped));
  const plan = of.plan() as GraphPlan;
  const machine = new Run(plan, recording.settings);
  const { dependents, size } = plan.graph;
  const counted = Array.from({ length: size }, (_, at) => at).filter((at) =>
    counts(plan.nameOf(at)),
  );
  let most = 0;
  for (const event of recording.events) {
    machine.handle(event);
    const { ledger } = machine;
    const now = counted.filter((one) => {
      const readers = dependents.end.subarray(dependents.start[one], dependents.start[one + 1]);
      return ledger.status[one] === COMPLETED && readers.some((reader) => !ledger.isFinal(reader));
    });
    most = Math.max(most, now.length);
  }
  return { most, ms };
}

/** A task that takes so long. */
function work(
  clock: VirtualClock,
  name: string,
  ms: number,
  reads: Record<string, Task<unknown>> = {},
  options = {},
): Task<unknown> {
  return task(name, reads, () => clock.wait(ms), options) as Task<unknown>;
}

function pairs(clock: VirtualClock, count: number): Flow<Record<string, unknown>> {
  const used: Record<string, Task<unknown>> = {};
  for (let at = 0; at < count; at++) {
    const load = work(clock, `load${at}`, 10);
    used[`use${at}`] = work(clock, `use${at}`, 10, { load });
  }
  return flow("pairs", { sum: work(clock, "sum", 1, used) });
}

function reduction(clock: VirtualClock, leaves: number): Flow<Record<string, unknown>> {
  let row = Array.from({ length: leaves }, (_, at) => work(clock, `leaf${at}`, 10));
  for (let level = 1; row.length > 1; level++) {
    row = Array.from({ length: row.length / 2 }, (_, at) =>
      work(clock, `sum${level}.${at}`, 10, {
        left: row[2 * at] as Task<unknown>,
        right: row[2 * at + 1] as Task<unknown>,
      }),
    );
  }
  return flow("reduction", { all: row[0] as Task<unknown> });
}

const isLoad = (name: string): boolean => name.startsWith("load");
const roots = { concurrency: 4, keep: "roots" } as const;

describe('With `keep: "roots"`', () => {
  it("200 pairs of load and use hold at most 4 loads on 4 slots, where all loads go first without", async () => {
    const clock = new VirtualClock();
    expect((await held(clock, pairs(clock, 200), roots, isLoad)).most).toBeLessThanOrEqual(4);
    const kept = await held(clock, pairs(clock, 200), { concurrency: 4 }, isLoad);
    expect(kept.most).toBeGreaterThan(190);
  });

  it("a reduction of 64 holds at most 12 outputs on 4 slots, where half of them would be held without", async () => {
    const clock = new VirtualClock();
    expect((await held(clock, reduction(clock, 64), roots)).most).toBeLessThanOrEqual(12);
    expect((await held(clock, reduction(clock, 64), { concurrency: 4 })).most).toBeGreaterThan(32);
  });

  it("and on one slot one more than it has levels", async () => {
    const clock = new VirtualClock();
    const one = await held(clock, reduction(clock, 64), { ...roots, concurrency: 1 });
    expect(one.most).toBeLessThanOrEqual(7);
  });

  it("takes no longer: at most 5 % more on average, over 300 random graphs", async () => {
    const ratios: number[] = [];
    for (let seed = 0; seed < 300; seed++) {
      const clock = new VirtualClock();
      const { any, concurrency } = randomGraph(clock, seed);
      const all = await held(clock, any, { concurrency });
      const freeing = await held(clock, any, { concurrency, keep: "roots" });
      ratios.push(freeing.ms / all.ms);
    }
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    expect(mean).toBeLessThanOrEqual(1.05);
  });

  it("a priority goes before it", async () => {
    const clock = new VirtualClock();
    const started: string[] = [];
    const told = (name: string, reads: Record<string, Task<unknown>>, priority: number) =>
      task(
        name,
        reads,
        async () => {
          started.push(name);
          await clock.wait(1);
        },
        { priority },
      ) as Task<unknown>;
    const load = told("load", {}, 0);
    const use = told("use", { load }, 0);
    const urgent = told("urgent", { load }, 1);
    await clock.run(flow("f", { use, urgent }).run({ clock, ...roots, concurrency: 1 }));
    expect(started).toEqual(["load", "urgent", "use"]);
  });

  it("a chain of 100,000 and a finally task that reads everything are no matter", async () => {
    const clock = new VirtualClock();
    let last = task("0", () => 0) as Task<number>;
    const all: Record<string, Input<unknown>> = { 0: settled(last) };
    for (let at = 1; at < 100_000; at++) {
      last = task(`${at}`, { last }, ({ last }) => last + 1);
      if (at % 10_000 === 0) all[at] = settled(last);
    }
    const end = task("end", all, () => {});
    const chain = flow("chain", { last }, { finally: { end } });
    const report = await clock.run(chain.run({ clock, ...roots }));
    expect(report.unwrap()).toEqual({ last: 99_999 });
  });
});

/** Layers of tasks of random lengths, each of which reads a few of the layers before. */
function randomGraph(
  clock: VirtualClock,
  seed: number,
): { any: Flow<Record<string, unknown>>; concurrency: number } {
  const random = chance(seed + 1);
  const below = (most: number): number => Math.floor(random() * most);
  const made: Task<unknown>[] = [];
  const read = new Set<Task<unknown>>();
  const size = 10 + below(40);
  const near = 2 + below(20);
  for (let at = 0; at < size; at++) {
    const reads: Record<string, Task<unknown>> = {};
    for (let edge = below(4); edge > 0 && at > 0; edge--) {
      const source = made[Math.max(0, at - 1 - below(near))] as Task<unknown>;
      reads[source.name] = source;
      read.add(source);
    }
    made.push(work(clock, `t${at}`, 1 + below(50), reads));
  }
  const sinks = made.filter((one) => !read.has(one)).map((one) => [one.name, one] as const);
  return { any: flow("any", Object.fromEntries(sinks)), concurrency: 1 + below(6) };
}
