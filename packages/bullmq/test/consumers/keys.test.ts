import { readFileSync } from "node:fs";
import { flow, map, task } from "@astrum/core";
import { describe, expect, test } from "vitest";
import { remote } from "../../src/index.ts";
import { LEASE, openRig, type Rig, until } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();
const BASE = "astrum:{jobs}:";

/** A row of the table in docs/fleet.md: which keys it means, and how they come to an end. */
interface Kind {
  readonly text: string;
  readonly pattern: RegExp;
  readonly end: string;
}

const page = readFileSync(new URL("../../../../docs/fleet.md", import.meta.url), "utf8");
const section = page.split("## What is in the store")[1]?.split("\n## ")[0] ?? "";
const kinds: readonly Kind[] = section
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .flatMap((line) => {
    const [, keys = "", , , end = ""] = line.split("|").map((cell) => cell.trim());
    return [...keys.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => ({
      text,
      pattern: patternOf(text),
      end,
    }));
  });

function patternOf(text: string): RegExp {
  const job = "<run>/<task>/<attempt>";
  const source = text
    .replace("<job>", job)
    .replace(job, String.raw`[^/:]+/[^/:]+/\d+(?:/\d+)?`)
    .replace("<runId>", ".+");
  return new RegExp(`^${source}$`);
}

const kindsOf = (key: string): readonly Kind[] =>
  kinds.filter(({ pattern }) => pattern.test(key.slice(BASE.length)));

async function keysOf({ redis }: Rig): Promise<string[]> {
  return await redis.client.keys("*");
}

/** The names of what is there for as long as somebody uses the queue. */
async function isQuiet(rig: Rig): Promise<boolean> {
  const names = (await keysOf(rig)).map((key) => key.slice(BASE.length));
  return names.sort().join() === "events,id,meta,sweep,worker-info,workers";
}

/** Looks at all keys over and over, until what is under way is over. Returns the kinds that it saw. */
async function watched(rig: Rig, underWay: Promise<unknown>): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  let over = false;
  const end = (): void => {
    over = true;
  };
  underWay.then(end, end);
  while (!over) {
    for (const key of await keysOf(rig)) {
      const of = kindsOf(key);
      expect(
        of.map(({ text }) => text),
        key,
      ).toHaveLength(1);
      const [kind] = of as [Kind];
      seen.add(kind.text);
      if (kind.end === "by itself") expect(await rig.redis.client.pttl(key), key).not.toBe(-1);
    }
  }
  return seen;
}

describe("The table of keys in the documentation", () => {
  test("has every key that a queue in use has, and no other; what ends by itself has a time to live", async () => {
    const rig = await openRig();
    const fleet = await rig.fleet({ keepResultsSec: 2 });
    const worker = { concurrency: 4, lease: { ...LEASE, checkMs: 500 } };
    await Promise.all([rig.worker(worker), rig.worker(worker)]);
    const later = fleet.task(jobs.slowly, { priority: -1 });
    const list = task("list", () => Array.from({ length: 60 }, (_, n) => n));
    const plain = map("plain", list, (n, _, context) =>
      fleet.task(jobs.slowly)({ n, ms: 60 }, context),
    );
    const last = map("last", list, (n, _, context) => later({ n, ms: 60 }, context));
    const fails = task("fails", fleet.task(jobs.throws));
    const twice = task("twice", async (_, context) => {
      await fleet.task(jobs.large)({ size: 20_000 }, context);
      await fleet.task(jobs.large)({ size: 20_000 }, context);
    });
    const all = flow("f", { plain, last, fails, twice });
    const seen = new Set<string>();
    // Some are there for moments only, so that a look may miss them: it looks again at the same.
    for (let round = 0; round < 10 && seen.size < kinds.length; round++) {
      const run = all.run({ runId: `run ${round}`, failure: "continue" });
      for (const kind of await watched(rig, run)) seen.add(kind);
      expect((await run).errorSummary).toHaveLength(1);
    }
    expect([...seen].sort()).toEqual(kinds.map(({ text }) => text).sort());
    await watched(
      rig,
      until(() => isQuiet(rig)),
    );
  });

  test("is right about what is left when everybody has gone: a few keys a queue, however much it did", async () => {
    const rig = await openRig();
    const fleet = await rig.fleet({ keepResultsSec: 1 });
    const worker = await rig.worker();
    expect(await fleet.task(jobs.square)(3)).toBe(9);
    await until(() => isQuiet(rig));
    await fleet.close();
    await worker.kill("SIGTERM");
    const left = kinds.filter(({ end }) => end === "one key a queue").map(({ text }) => text);
    await until(async () => {
      const names = (await keysOf(rig)).map((key) => key.slice(BASE.length));
      return (
        names
          .filter((name) => name !== "sweep")
          .sort()
          .join() === left.sort().join()
      );
    });
    expect(await rig.redis.client.pttl(`${BASE}sweep`)).toBeGreaterThan(0);
  });
});

test("nothing grows: after 20,000 jobs whose results are kept for 2 s, DBSIZE is what it was", async () => {
  const rig = await openRig();
  const { client } = rig.redis;
  const fleet = await rig.fleet({ keepResultsSec: 2 });
  await Promise.all([rig.worker({ concurrency: 32 }), rig.worker({ concurrency: 32 })]);
  const squares = async (count: number): Promise<void> => {
    const list = task("list", () => Array.from({ length: count }, (_, n) => n));
    const report = await flow("f", {
      squares: map("squares", list, fleet.task(jobs.square)),
    }).run({ concurrency: 64 });
    expect(report.unwrap().squares).toHaveLength(count);
  };
  await squares(100);
  await until(() => isQuiet(rig));
  const before = await client.dbsize();
  for (let round = 0; round < 4; round++) await squares(5_000);
  expect(await client.dbsize()).toBeGreaterThan(before);
  // The ids of jobs that are gone are swept a piece at a time, so they are the last to go.
  await until(async () => (await client.zcard(`${BASE}completed`)) === 0);
  await until(async () => (await client.dbsize()) === before);
  expect(await client.xlen(`${BASE}events`)).toBeLessThan(11_000);
}, 600_000);
