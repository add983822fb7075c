/** Runs in which tasks have flows inside: planned ones, a task that becomes one, and a map of them. */
import {
  type Flow,
  flow,
  map,
  param,
  type SerializedReport,
  subflow,
  task,
  value,
} from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";

/** One region after another, of which one cannot be loaded when it is told so. */
function regionFlow(clock: VirtualClock, fails: boolean): Flow<{ readonly rank: string }> {
  const code = param<string>("code");
  const load = task("load", { code }, async ({ code }) => {
    await clock.wait(5);
    if (fails && code === "eu") throw new Error("no data");
    return code;
  });
  const rank = task("rank", { load }, ({ load }) => clock.wait(3).then(() => load));
  return flow("region", { rank });
}

/** Three photos, each a flow of three tasks; the last cannot be stored. */
function thumbFlow(clock: VirtualClock, photo: number): Flow<{ readonly store: number }> {
  const load = task("load", () => clock.wait(photo).then(() => photo));
  const resize = task("resize", { load }, ({ load }) => clock.wait(2).then(() => load));
  const store = task("store", { resize }, ({ resize }) => {
    if (resize === 3) throw new Error("disk full");
    return resize;
  });
  return flow("thumb", { store });
}

/** `us` and `eu` are planned, `thumbs` is a map of flows that fail alone, `crawl` becomes a flow. */
export function nestedFlow(
  clock: VirtualClock,
  { fails = false }: { fails?: boolean } = {},
): Flow<{ readonly page: string }> {
  const config = task("config", () => "eu");
  const region = regionFlow(clock, fails);
  const eu = subflow("eu", region, { code: config });
  const us = subflow("us", region, { code: value("us") });
  const photos = task("photos", () => [1, 2, 3]);
  const thumbs = map("thumbs", photos, (photo) => thumbFlow(clock, photo), { items: "settled" });
  const crawl = task("crawl", { us }, () => thumbFlow(clock, 4));
  const page = task("page", { eu, thumbs, crawl }, () => "done");
  return flow("site", { page });
}

export async function nestedRun(options: { fails?: boolean } = {}): Promise<SerializedReport> {
  const clock = new VirtualClock();
  const run = nestedFlow(clock, options).run({ clock, concurrency: 3, failure: "continue" });
  const report = await clock.run(run);
  return report.toJSON();
}

/** A map of so many items, each of which is a flow of three tasks; instants of a whole number of microseconds. */
export async function mapOfFlows(items: number): Promise<SerializedReport> {
  const clock = new VirtualClock();
  let state = 1;
  const around = (ms: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return Math.round(ms * (0.4 + (state / 2_147_483_647) * 1.2) * 1000) / 1000;
  };
  const photos = task("photos", () => Array.from({ length: items }, (_, index) => index));
  const thumbs = map(
    "thumbs",
    photos,
    () => {
      const load = task("load", () => clock.wait(around(40)));
      const resize = task("resize", { load }, () => clock.wait(around(60)));
      return flow("thumb", { store: task("store", { resize }, () => clock.wait(around(15))) });
    },
    { concurrency: 40 },
  );
  const report = await clock.run(flow("photos", { thumbs }).run({ clock, concurrency: 32 }));
  return report.toJSON();
}
