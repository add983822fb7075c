/** Six runs of which the advice is followed: what is predicted stands beside what then happens. */
import { flow, map, type RunOptions, type SerializedReport, type Task, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import type { Lever } from "../../src/asking/advice.ts";
import { insight } from "../../src/asking/insight.ts";
import { leverLine } from "../../src/asking/lever-text.ts";
import { estimatesFrom } from "../../src/index.ts";

/** A run that can be run again with other options, other limits of maps, other durations, or without its failures. */
export interface Fixture {
  readonly options: RunOptions;
  make(clock: VirtualClock, twist: Twist): Record<string, Task<unknown>>;
}
interface Twist {
  readonly faster?: Readonly<Record<string, number>>;
  readonly mapLimits?: Readonly<Record<string, number>>;
  readonly noFailures?: boolean;
}

export async function ran(
  { options, make }: Fixture,
  more: RunOptions = {},
  twist: Twist = {},
  clock: VirtualClock = new VirtualClock(),
): Promise<SerializedReport> {
  const all = flow("fixture", make(clock, twist));
  return (await clock.run(all.run({ clock, failure: "continue", ...options, ...more }))).toJSON();
}

export function makespan(report: SerializedReport): number {
  return insight(report).makespanMs;
}

/** Tasks by name, each with its length and what it needs. */
export function tasks(
  clock: VirtualClock,
  { faster = {}, noFailures = false }: Twist,
  plan: Readonly<
    Record<string, readonly [ms: number, needs?: readonly string[], units?: number, fails?: number]>
  >,
): Record<string, Task<unknown>> {
  const made: Record<string, Task<unknown>> = {};
  for (const [name, [ms, needs = [], units = 0, fails = 0]] of Object.entries(plan)) {
    const inputs = Object.fromEntries(needs.map((need) => [need, made[need] as Task<unknown>]));
    const length = ms * (faster[name] ?? 1);
    const failing = noFailures ? 0 : fails;
    const steps = [
      ...Array.from({ length: failing }, () => ({ ms: length, throw: "down" })),
      { ms: length, return: 1 },
    ];
    made[name] = task(name, inputs, scripted(clock, ...steps), {
      ...(units > 0 && { resources: { db: units } }),
      ...(fails > 0 && {
        retry: { attempts: fails, baseMs: 100, backoff: "fixed" as const, jitter: "none" as const },
      }),
    });
  }
  return made;
}

/** Sixteen slots of which fewer are ever used, and a database that lets six in. */
const mixed: Fixture = {
  options: { concurrency: 16, resources: { db: 6 } },
  make(clock, twist) {
    const list = task(
      "list",
      scripted(clock, {
        ms: 300 * (twist.faster?.list ?? 1),
        return: Array.from({ length: 200 }, (_, at) => at),
      }),
    );
    const shards = map(
      "import shard",
      list as Task<number[]>,
      (at) => clock.wait((40 + (at % 7) * 5) * (twist.faster?.[`import shard[${at}]`] ?? 1)),
      {
        resources: { db: 1 },
      },
    );
    const others = tasks(clock, twist, { config: [100], assets: [700], images: [650] });
    return {
      ...others,
      tables: task(
        "publish tables",
        { shards },
        scripted(clock, { ms: 200 * (twist.faster?.["publish tables"] ?? 1), return: 1 }),
      ),
    };
  },
};

/** Eight tasks of hours on three slots, declared in an order that leaves the longest for last. */
const hours: Fixture = {
  options: { concurrency: 3 },
  make: (clock, twist) =>
    tasks(clock, twist, {
      a: [40 * 60_000],
      b: [45 * 60_000],
      c: [50 * 60_000],
      d: [60 * 60_000],
      e: [62 * 60_000],
      f: [70 * 60_000],
      g: [80 * 60_000],
      h: [150 * 60_000],
    }),
};

const chain: Fixture = {
  options: { concurrency: 4 },
  make: (clock, twist) =>
    tasks(clock, twist, { a: [1000], b: [4000, ["a"]], c: [500, ["b"]], side: [800] }),
};

const flaky: Fixture = {
  options: {},
  make: (clock, twist) => tasks(clock, twist, { a: [400, [], 0, 2], b: [300, ["a"]], c: [200] }),
};

const slots: Fixture = {
  options: { concurrency: 2 },
  make: (clock, twist) =>
    tasks(
      clock,
      twist,
      Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`t${at}`, [500]])),
    ),
};

const mapped: Fixture = {
  options: { concurrency: 8 },
  make(clock, { mapLimits = {}, faster = {} }) {
    const list = task("list", () => Array.from({ length: 20 }, (_, at) => at));
    const limit = mapLimits.read ?? 2;
    return {
      read: map("read", list, (at) => clock.wait(100 * (faster[`read[${at}]`] ?? 1)), {
        ...(limit === Infinity ? {} : { concurrency: limit }),
      }),
    };
  },
};

/** The run as the lever has it, run for real. */
export function again(
  fixture: Fixture,
  report: SerializedReport,
  lever: Lever,
  clock: VirtualClock = new VirtualClock(),
): Promise<SerializedReport> {
  switch (lever.kind) {
    case "slots":
      return ran(fixture, { concurrency: lever.slots }, {}, clock);
    case "resource":
      return ran(fixture, { resources: { [lever.name]: lever.units as number } }, {}, clock);
    case "order":
      return ran(fixture, { estimates: estimatesFrom(report) }, {}, clock);
    case "map":
      return ran(fixture, {}, { mapLimits: { [lever.name]: Infinity } }, clock);
    case "failures":
      return ran(fixture, {}, { noFailures: true }, clock);
    case "task":
      return ran(fixture, {}, { faster: { [lever.name]: 0.5 } }, clock);
    default:
      throw new Error(`no way to run ${lever.kind} again`);
  }
}

export const fixtures: Readonly<
  Record<"mixed" | "hours" | "chain" | "flaky" | "slots" | "mapped", Fixture>
> = { mixed, hours, chain, flaky, slots, mapped };

export interface Advised {
  readonly if: string;
  readonly predicted: number;
  readonly real: number;
}

/** Each lever of the advice on a run: what it says that the run would take, and what it then takes, one after another. */
export async function advised(
  fixture: Fixture,
  newClock: () => VirtualClock = () => new VirtualClock(),
): Promise<Advised[]> {
  const report = await ran(fixture, {}, {}, newClock());
  const table: Advised[] = [];
  for (const lever of insight(report).advice?.levers ?? []) {
    table.push({
      if: leverLine(lever),
      predicted: lever.makespanMs,
      real: makespan(await again(fixture, report, lever, newClock())),
    });
  }
  return table;
}
