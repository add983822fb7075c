/**
 * The report in the Trace Event Format, for ui.perfetto.dev, the Performance panel of Chrome DevTools and speedscope.
 * Source: the "Trace Event Format" document of the Chromium project. What it takes to be read by all three:
 * slices of one track nest and never overlap (one track per concurrency slot); instants are whole microseconds, both ends
 * rounded alike; arrows bind to the slice that encloses them on a track, so an arrow starts inside the dependency's slice
 * and ends at the start of the dependent's; track names are zero-padded because the panels sort them as text.
 */
import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { checkOptions, type Rules } from "astrum-options";
import { type Timeline, type TimelineBar, timeline } from "../layout/timeline.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { wellFormedJson } from "../wording/json-for-others.ts";
import { microseconds } from "../wording/microseconds.ts";
import { Nesting } from "../wording/nesting.ts";
import { attemptMessage, isFlow, reasonText } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { sliceName } from "./slice-name.ts";

export interface ChromeTraceOptions {
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<ChromeTraceOptions> = { redact: redactRule };

interface TraceEvent {
  readonly ph: "M" | "X" | "s" | "f" | "b" | "e" | "C";
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly name: string;
  readonly cat?: string;
  readonly dur?: number;
  readonly id?: number;
  readonly id2?: { readonly local: string };
  readonly bp?: "e";
  readonly args?: Readonly<Record<string, unknown>>;
}

const PID = 1;
const RUN_TRACK = 1;
const FIRST_LANE = 2;

/** Times count from the start of the run; `otherData.startedAt` says when that was. */
export function renderChromeTrace(report: AnyReport, options: ChromeTraceOptions = {}): string {
  checkOptions("renderChromeTrace", options, RULES);
  const shown = redacted(report, options.redact);
  const picture = timeline(shown);
  const events = [
    ...trackNames(shown, picture),
    ...runSlices(shown, picture),
    ...taskSlices(picture),
    ...dependencyArrows(shown, picture),
    ...asyncSpans(shown),
    ...counters(picture),
  ];
  const lines = events.map((event) => wellFormedJson(event)).join(",\n");
  const otherData = wellFormedJson({
    run: shown.run.id,
    startedAt: shown.run.startedAt,
    executionState: shown.executionState,
    epochMs: shown.clock.epochMs,
  });
  return `{"displayTimeUnit":"ms","otherData":${otherData},"traceEvents":[\n${lines}\n]}\n`;
}

function trackNames(report: SerializedReport, picture: Timeline): TraceEvent[] {
  const digits = String(Math.max(0, picture.laneCount - 1)).length;
  const title = report.run.flow ?? report.run.id;
  const events = [named("process_name", 0, title), named("thread_name", RUN_TRACK, "run")];
  for (let lane = 0; lane < picture.laneCount; lane++) {
    const name = `slot ${String(lane).padStart(Math.max(2, digits), "0")}`;
    events.push(named("thread_name", FIRST_LANE + lane, name));
  }
  return events;
}

function named(name: string, tid: number, value: string): TraceEvent {
  return { ph: "M", pid: PID, tid, ts: 0, name, args: { name: value } };
}

function runSlices(report: SerializedReport, picture: Timeline): TraceEvent[] {
  const slice = (
    name: string,
    ts: number,
    end: number,
    args?: Record<string, unknown>,
  ): TraceEvent => ({
    ph: "X",
    pid: PID,
    tid: RUN_TRACK,
    ts,
    dur: Math.max(1, end - ts),
    name,
    cat: "run",
    ...(args === undefined ? {} : { args }),
  });
  const end = Math.max(picture.endUs, 1);
  const planned = Math.min(end, microseconds(report.planningDurationMs));
  const events = [
    slice(sliceName(report.run.flow ?? "run"), 0, end, {
      executionState: report.executionState,
      boundBy: report.analysis.boundBy,
      errors: report.errorSummary,
    }),
  ];
  if (planned > 0) events.push(slice("planning", 0, planned));
  return events;
}

/** One slice per attempt; attempts that follow each other on a lane are nested in one slice for the task. */
function taskSlices(picture: Timeline): TraceEvent[] {
  const events: TraceEvent[] = [];
  for (const stretch of stretches(picture)) {
    const [first] = stretch;
    const last = stretch.at(-1);
    if (first === undefined || last === undefined) continue;
    const { task } = first;
    events.push({
      ph: "X",
      pid: PID,
      tid: FIRST_LANE + first.lane,
      ts: first.startUs,
      dur: last.endUs - first.startUs,
      name: sliceName(task.taskName),
      cat: task.kind,
      args: taskArguments(task),
    });
    if (task.attemptStatistics.length < 2) continue;
    for (const bar of stretch) events.push(attemptSlice(bar));
  }
  return events;
}

/** The bars of a lane in order, those of one task that touch joined. */
function stretches(picture: Timeline): TimelineBar[][] {
  const open = new Map<number, TimelineBar[]>();
  const all: TimelineBar[][] = [];
  for (const bar of picture.bars) {
    const current = open.get(bar.lane);
    const previous = current?.at(-1);
    if (current !== undefined && previous?.task === bar.task && previous.endUs === bar.startUs) {
      current.push(bar);
    } else {
      const stretch = [bar];
      open.set(bar.lane, stretch);
      all.push(stretch);
    }
  }
  return all;
}

function attemptSlice({ attempt, lane, startUs, endUs }: TimelineBar): TraceEvent {
  const { attemptNumber, status, willRetry, delayMs, executor, deliveries } = attempt;
  const errorMessage = attemptMessage(attempt);
  return {
    ph: "X",
    pid: PID,
    tid: FIRST_LANE + lane,
    ts: startUs,
    dur: endUs - startUs,
    name: `attempt ${attemptNumber}`,
    cat: "attempt",
    args: { status, errorMessage, willRetry, delayMs, executor, deliveries },
  };
}

function taskArguments(task: TaskStatistics): Record<string, unknown> {
  const why = reasonText(task);
  return {
    status: task.status,
    ...(why === "" ? {} : { why }),
    ...(task.key === undefined ? {} : { key: task.key }),
    ...(task.role === undefined ? {} : { role: task.role }),
    stage: task.stageId,
    queuedMs: task.queuedMs,
    attempts: task.attemptCount,
    releasedBy: task.releasedBy,
    ...(task.lostAt === undefined ? {} : { lostAt: task.lostAt }),
    ...(task.releaseMs === undefined ? {} : { releaseMs: task.releaseMs }),
    ...(task.tags === undefined ? {} : { tags: task.tags }),
    ...(task.attributes === undefined ? {} : { attributes: task.attributes }),
  };
}

function dependencyArrows(report: SerializedReport, picture: Timeline): TraceEvent[] {
  const nesting = Nesting.of(report);
  const places = new Map(report.taskStatistics.map(({ taskName }, place) => [taskName, place]));
  const first = new Map<string, TimelineBar>();
  const last = new Map<string, TimelineBar>();
  for (const bar of picture.bars) {
    if (!first.has(bar.task.taskName)) first.set(bar.task.taskName, bar);
    last.set(bar.task.taskName, bar);
    // A map or a planned subflow has no slice: arrows lead to what began first in it and start at what ended last.
    const inTail = bar.task.kind === "tail";
    for (const around of inTail ? [] : nesting.around(places.get(bar.task.taskName) ?? -1)) {
      const { taskName } = report.taskStatistics[around] as TaskStatistics;
      if (!first.has(taskName)) first.set(taskName, bar);
      const latest = last.get(taskName);
      if (latest === undefined || bar.endUs >= latest.endUs) last.set(taskName, bar);
    }
  }
  const events: TraceEvent[] = [];
  let id = 0;
  for (const task of report.taskStatistics) {
    const to = first.get(task.taskName);
    if (to === undefined) continue;
    for (const dependency of new Set(task.dependencies.map(({ task: name }) => name))) {
      const from = last.get(dependency);
      // A dependency that never ran, or a task that is its own: nothing to draw.
      if (from === undefined || from === to || from.endUs > to.startUs) continue;
      const common = { pid: PID, name: "dependency", cat: "dependency", id: ++id };
      events.push({ ph: "s", ...common, tid: FIRST_LANE + from.lane, ts: from.endUs - 1 });
      events.push({ ph: "f", bp: "e", ...common, tid: FIRST_LANE + to.lane, ts: to.startUs });
    }
  }
  return events;
}

/** Maps, flows inside of tasks and waiting overlap freely, so they are asynchronous spans and not slices of a track. */
function asyncSpans(report: SerializedReport): TraceEvent[] {
  const events: TraceEvent[] = [];
  const span = (cat: string, name: string, startMs: number, endMs: number): void => {
    const common = {
      pid: PID,
      tid: RUN_TRACK,
      cat,
      name,
      id2: { local: `0x${(events.length / 2 + 1).toString(16)}` },
    };
    const ts = microseconds(startMs);
    events.push({ ph: "b", ...common, ts });
    events.push({ ph: "e", ...common, ts: Math.max(ts + 1, microseconds(endMs)) });
  };
  for (const task of report.taskStatistics) {
    if ((task.kind === "map" || isFlow(task)) && task.startAt !== null) {
      const what = task.kind === "map" ? "map" : (task.role ?? "subflow");
      span(what, task.taskName, task.startAt, task.endAt ?? report.totalDurationMs);
    }
    for (const { attemptNumber, startAt, endAt, queuedMs, delayMs } of task.attemptStatistics) {
      if (queuedMs > 0 && task.kind !== "map") {
        span("queued", task.taskName, startAt - queuedMs, startAt);
      }
      if (delayMs !== undefined && delayMs > 0 && endAt !== null) {
        span("back-off", `${task.taskName} after attempt ${attemptNumber}`, endAt, endAt + delayMs);
      }
    }
  }
  return events;
}

function counters(picture: Timeline): TraceEvent[] {
  const changes = new Map<number, number>();
  for (const { startUs, endUs } of picture.bars) {
    changes.set(startUs, (changes.get(startUs) ?? 0) + 1);
    changes.set(endUs, (changes.get(endUs) ?? 0) - 1);
  }
  let running = 0;
  const events: TraceEvent[] = [];
  for (const [ts, change] of Array.from(changes).sort(([a], [b]) => a - b)) {
    running += change;
    if (change !== 0) {
      events.push({
        ph: "C",
        pid: PID,
        tid: RUN_TRACK,
        ts,
        name: "running",
        args: { attempts: running },
      });
    }
  }
  return events;
}
