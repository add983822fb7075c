/** What becomes of a task that is told to stop, from each state that it can be in: the events are pushed by hand. */
import { describe, expect, it } from "vitest";
import type { GraphPlan } from "../../src/define/plan.ts";
import { flow, map, type Task, task } from "../../src/index.ts";
import type { Command, MachineEvent } from "../../src/machine/event.ts";
import type { RunSettings } from "../../src/machine/machine.ts";
import { Run } from "../../src/machine/run.ts";
import { STATUSES } from "../../src/machine/states.ts";

type Push = MachineEvent extends infer Event
  ? Event extends { readonly at: number }
    ? Omit<Event, "at">
    : never
  : never;

/** A run with the task `fails`, which runs, and the task `subject`. */
class Scene {
  readonly run: Run;
  readonly #plan: GraphPlan;
  #at = 0;

  constructor(tasks: Record<string, Task<unknown>>, settings: RunSettings) {
    this.#plan = flow("f", { fails: task("fails", () => {}), ...tasks }).plan() as GraphPlan;
    this.run = new Run(this.#plan, settings);
    this.push({ type: "begin" });
  }

  of(name: string): number {
    return this.#plan.graph.index.get(name) as number;
  }

  push(event: Push): readonly Command[] {
    return this.run.handle({ ...event, at: this.#at++ } as MachineEvent);
  }

  status(row: number): string {
    return STATUSES[this.run.ledger.status[row] as number] as string;
  }

  returns(name: string): void {
    this.push({ type: "returned", task: this.of(name), value: undefined });
  }
}

const nothing = (): void => {};
const list = (): Task<number[]> => task("list", () => [1, 2]);

/** The ways into each state; `failure: "drain"` is what `drains` needs. */
const into: Readonly<Record<string, (settings: RunSettings) => Scene>> = {
  waiting: (settings) => {
    const blocker = task("blocker", nothing);
    return new Scene({ subject: task("subject", { blocker }, nothing) }, settings);
  },
  asking: (settings) => {
    const scene = new Scene({ subject: task("subject", nothing, { when: () => true }) }, settings);
    scene.push({ type: "prepared", task: scene.of("fails") });
    return scene;
  },
  queued: (settings) => {
    const subject = task("subject", nothing, { priority: -1 });
    return new Scene({ subject }, { ...settings, concurrency: 1 });
  },
  "queued again": (settings) => {
    const scene = delayed({ ...settings, concurrency: 1 });
    scene.push({ type: "elapsed", task: scene.of("subject") });
    return scene;
  },
  running: (settings) => new Scene({ subject: task("subject", nothing) }, settings),
  delayed: (settings) => delayed(settings),
  inside: (settings) => inside(settings),
  ending: (settings) => {
    const scene = inside(settings);
    for (const item of itemsOf(scene))
      scene.push({ type: "returned", task: item, value: undefined });
    return scene;
  },
};

function delayed(settings: RunSettings): Scene {
  const scene = new Scene(
    { subject: task("subject", nothing, { priority: 1, retry: 1 }) },
    settings,
  );
  const error = new Error("again");
  scene.push({ type: "threw", task: scene.of("subject"), error, retryMs: 10 });
  return scene;
}

function inside(settings: RunSettings): Scene {
  const scene = new Scene(
    { subject: map("subject", list(), nothing, { concurrency: 1 }) },
    settings,
  );
  scene.returns("list");
  scene.push({ type: "prepared", task: scene.of("subject"), items: 2 });
  return scene;
}

function itemsOf({ run: { ledger } }: Scene): number[] {
  return [ledger.planned, ledger.planned + 1];
}

/** What is told, and what is then seen: the status of the subject, and that its attempt was asked. */
const told: Readonly<Record<string, (scene: Scene) => readonly Command[]>> = {
  stops: (scene) => scene.push({ type: "stop", cause: { kind: "aborted", reason: "no" } }),
  drains: (scene) =>
    scene.push({ type: "threw", task: scene.of("fails"), error: new Error("the first") }),
  "is called off": (scene) =>
    scene.push({ type: "cancel", task: scene.of("subject"), reason: "no" }),
};

function seen(scene: Scene, commands: readonly Command[], row: number): string {
  const asked = commands.some((one) => one.type === "abort" && one.task === row);
  return asked ? `${scene.status(row)}, asked` : scene.status(row);
}

const SCENES = [
  ["waiting", "stops", "skipped"],
  ["waiting", "drains", "skipped"],
  ["waiting", "is called off", "cancelled"],
  ["asking", "stops", "skipped"],
  ["asking", "drains", "skipped"],
  ["asking", "is called off", "cancelled"],
  ["queued", "stops", "cancelled"],
  ["queued", "drains", "cancelled"],
  ["queued", "is called off", "cancelled"],
  ["queued again", "stops", "cancelled"],
  ["queued again", "drains", "failed"],
  ["queued again", "is called off", "cancelled"],
  ["running", "stops", "running, asked"],
  ["running", "drains", "running"],
  ["running", "is called off", "running, asked"],
  ["delayed", "stops", "cancelled"],
  ["delayed", "drains", "failed"],
  ["delayed", "is called off", "cancelled"],
  ["inside", "stops", "running"],
  ["inside", "drains", "running"],
  ["inside", "is called off", "running"],
  ["ending", "stops", "running"],
  ["ending", "drains", "running"],
  ["ending", "is called off", "running"],
] as const;

describe("A task", () => {
  it.each(SCENES)("that is %s, when its run or it %s, is %s", (state, how, expected) => {
    const scene = (into[state] as (settings: RunSettings) => Scene)({ failure: "drain" });
    const before = scene.status(scene.of("subject"));
    const commands = (told[how] as (scene: Scene) => readonly Command[])(scene);
    expect(seen(scene, commands, scene.of("subject"))).toBe(expected);
    // It was in the state that the test is about.
    const shown = { waiting: "waiting", asking: "waiting", running: "running", delayed: "delayed" };
    const queued = { queued: "ready", "queued again": "ready" };
    const inner = { inside: "running", ending: "running" };
    expect(before).toBe({ ...shown, ...queued, ...inner }[state]);
  });

  it.each([
    ["stops", "running, asked", "cancelled"],
    ["drains", "running", "cancelled"],
    ["is called off", "running, asked", "cancelled"],
  ] as const)(
    "whose items are open, when its run or it %s: the running item is %s, the next %s",
    (how, running, next) => {
      const scene = inside({ failure: "drain" });
      const commands = (told[how] as (scene: Scene) => readonly Command[])(scene);
      expect(itemsOf(scene).map((item) => seen(scene, commands, item))).toEqual([running, next]);
      // The end of an item lets in no other, and the map ends with the last.
      scene.push({ type: "returned", task: itemsOf(scene)[0] as number, value: undefined });
      expect(scene.status(scene.of("subject"))).toBe("cancelled");
    },
  );

  it("that is called off while it is asked is waited for: the run settles with the answer", () => {
    const scene = into.asking?.({}) as Scene;
    const commands = scene.push({ type: "cancel", task: scene.of("subject"), reason: "no" });
    expect(commands).toEqual([{ type: "unprepare", task: scene.of("subject") }]);
    scene.returns("fails");
    expect(scene.run.state).toBeUndefined();
    scene.push({ type: "prepared", task: scene.of("subject") });
    expect(scene.run.state).toBe("completed");
  });

  it("that is stored when its run stops completes, when the answer says so", () => {
    const scene = into.ending?.({}) as Scene;
    scene.push({ type: "stop", cause: { kind: "aborted", reason: "no" } });
    scene.push({ type: "gathered", task: scene.of("subject") });
    expect(scene.status(scene.of("subject"))).toBe("completed");
    expect(scene.run.state).toBeUndefined();
    scene.returns("fails");
    expect(scene.run.state).toBe("cancelled");
  });
});
