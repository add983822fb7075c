import { flow, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import * as TraceEngine from "@paulirish/trace_engine";
import { describe, expect, it } from "vitest";
import { renderChromeTrace } from "../../src/index.ts";
import { sliceName } from "../../src/writing/slice-name.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { type TraceEvent, traceFaults } from "../trace-rules.ts";

interface TraceFile {
  traceEvents: TraceEvent[];
}

function trace(name: (typeof fixtureNames)[number]): TraceEvent[] {
  return (JSON.parse(renderChromeTrace(fixture(name))) as TraceFile).traceEvents;
}

describe.each(fixtureNames)("the trace of the fixture %s", (name) => {
  it("keeps the rules of the format: slices nest, arrows bind, instants are whole", () => {
    expect(traceFaults(trace(name))).toEqual([]);
  });

  it("has one slice per attempt that ran, on the slot that it held", () => {
    const { taskStatistics } = fixture(name);
    const attempts = taskStatistics
      .filter(({ kind }) => kind !== "map")
      .flatMap(({ attemptStatistics }) => attemptStatistics);
    const slices = trace(name).filter(({ ph, cat }) => ph === "X" && cat !== "run");
    const retried = taskStatistics.filter(
      ({ kind, attemptStatistics }) => kind !== "map" && attemptStatistics.length > 1,
    );
    const alone = taskStatistics.filter(
      ({ kind, attemptStatistics }) => kind !== "map" && attemptStatistics.length === 1,
    );
    const names = new Set(retried.map(({ taskName }) => taskName));
    expect(slices.filter(({ cat }) => cat === "attempt")).toHaveLength(
      attempts.length - alone.length,
    );
    expect(
      slices.filter(({ cat, name: slice }) => cat !== "attempt" && !names.has(slice)),
    ).toHaveLength(alone.length);
    const lanes = new Set(slices.map(({ tid }) => tid));
    expect(lanes.size).toBeLessThanOrEqual(fixture(name).peakConcurrency);
  });
});

describe.each(["one", "mixed", "cancelled", "hostile"] as const)(
  "the arrows of the fixture %s",
  (name) => {
    it("lead from every dependency that ran to the task that waited for it", () => {
      const events = trace(name);
      const slices = events.filter(
        ({ ph, cat }) => ph === "X" && cat !== "attempt" && cat !== "run",
      );
      const under = ({ tid, ts }: TraceEvent): string | undefined =>
        slices.find(
          (slice) => slice.tid === tid && slice.ts <= ts && ts < slice.ts + (slice.dur ?? 0),
        )?.name;
      const ends = new Map(
        events.filter(({ ph }) => ph === "f").map((event) => [event.id, under(event)]),
      );
      // An arrow from or to a map is one from or to an item of it.
      const map = (slice: string | undefined): string | undefined => slice?.replace(/\[\d+\]$/, "");
      const drawn = events
        .filter(({ ph }) => ph === "s")
        .map((event) => `${map(under(event))} > ${map(ends.get(event.id))}`);
      const shown = (taskName: string): string => sliceName(taskName).replace(/\p{Cs}/gu, "\ufffd");
      const ran = new Set(slices.flatMap((slice) => [slice.name, map(slice.name)]));
      const expected = fixture(name).taskStatistics.flatMap(({ taskName, dependencies }) =>
        ran.has(shown(taskName))
          ? dependencies
              .map(({ task }) => shown(task))
              .filter((dependency) => ran.has(dependency))
              .map((dependency) => `${dependency} > ${shown(taskName)}`)
          : [],
      );
      // One arrow, however many inputs a task takes from another.
      expect(drawn.sort()).toEqual(Array.from(new Set(expected)).sort());
    });
  },
);

it("tasks that took no time are drawn one after the other, with every arrow", async () => {
  const clock = new VirtualClock();
  const wide = Array.from({ length: 6 }, (_, index) => task(`wide-${index}`, () => index));
  const inputs = Object.fromEntries(wide.map((one, index) => [`input${index}`, one]));
  const joined = Array.from({ length: 3 }, (_, index) => task(`joined-${index}`, inputs, () => 1));
  const roots = Object.fromEntries(joined.map((one, index) => [`root${index}`, one]));
  const report = await clock.run(flow("instant", roots).run({ clock, concurrency: 4 }));
  const { traceEvents } = JSON.parse(renderChromeTrace(report.toJSON())) as TraceFile;
  expect(traceFaults(traceEvents)).toEqual([]);
  expect(traceEvents.filter(({ ph }) => ph === "f")).toHaveLength(6 * 3);
});

describe("the engine of Chrome's Performance panel", () => {
  it.each(fixtureNames)("reads the trace of the fixture %s", async (name) => {
    const events = trace(name);
    const processor = TraceEngine.Processor.TraceProcessor.createWithAllHandlers();
    await processor.parse(events as never, { isFreshRecording: false } as never);
    const { Renderer } = processor.data as never as RendererData;
    const tracks = Array.from(Renderer.processes.values()).flatMap(({ threads }) =>
      Array.from(threads.values()),
    );
    const slices = events.filter(({ ph }) => ph === "X");
    expect(tracks.reduce((sum, { entries }) => sum + entries.length, 0)).toBe(slices.length);
    expect(tracks.flatMap(({ entries }) => entries.map((entry) => entry.name)).sort()).toEqual(
      slices.map((slice) => slice.name).sort(),
    );
    const lanes = tracks
      .map(({ name: track }) => track)
      .filter((track) => track?.startsWith("slot "));
    expect(lanes).toHaveLength(
      new Set(slices.filter(({ cat }) => cat !== "run").map(({ tid }) => tid)).size,
    );
  });
});

describe("a task that is called like", () => {
  const own = new Set<string>(Object.values(TraceEngine.Types.Events.Name));

  it.each([...own, "constructor", "toString", "__proto__"])(
    "%s does not keep the panel from reading the trace",
    async (name) => {
      const report = fixture("one");
      const taskStatistics = report.taskStatistics.map((one) => ({ ...one, taskName: name }));
      const { traceEvents } = JSON.parse(
        renderChromeTrace({ ...report, taskStatistics, run: { ...report.run, flow: name } }),
      ) as TraceFile;
      const processor = TraceEngine.Processor.TraceProcessor.createWithAllHandlers();
      await processor.parse(traceEvents as never, { isFreshRecording: false } as never);
      const { Renderer } = processor.data as never as RendererData;
      const entries = Array.from(Renderer.processes.values()).flatMap(({ threads }) =>
        Array.from(threads.values()).flatMap((track) => track.entries),
      );
      const kept = entries.filter((entry) => entry.name === name || entry.name === `"${name}"`);
      expect(kept).toHaveLength(2);
    },
  );

  it("none of them is shown in quotes, unlike those", () => {
    expect(renderedName("resize images")).toBe("resize images");
    expect(renderedName("ParseHTML")).toBe('"ParseHTML"');
    expect(renderedName("constructor")).toBe('"constructor"');
  });
});

function renderedName(taskName: string): string | undefined {
  const report = fixture("one");
  const taskStatistics = report.taskStatistics.map((one) => ({ ...one, taskName }));
  const { traceEvents } = JSON.parse(renderChromeTrace({ ...report, taskStatistics })) as TraceFile;
  return traceEvents.find(({ ph, cat }) => ph === "X" && cat === "task")?.name;
}

interface RendererData {
  readonly Renderer: {
    readonly processes: ReadonlyMap<
      number,
      {
        readonly threads: ReadonlyMap<
          number,
          { readonly name: string | null; readonly entries: { name: string }[] }
        >;
      }
    >;
  };
}
