/** What is told of a run for good, on the screen and in a log: how a task failed, how the run ended. Secrets are out here. */

import {
  type LogLineStatistics,
  type RunEvent,
  type SerializedError,
  serializeError,
  type TaskInfo,
} from "@astrum/core";
import { closingLine, failureLines, plural, stackText, withLog } from "../layout/sections.ts";
import { timeLimit } from "../wording/ending.ts";
import { errorTitle } from "../wording/error-text.ts";
import { labelOfInfo } from "../wording/label.ts";
import { saidText } from "../wording/log-text.ts";
import { STATUS_SIGN, STATUSES, toleratedText, withoutMembers } from "../wording/outcome.ts";
import type { Redaction } from "../wording/redact.ts";
import { lineRedactor } from "../wording/redact-line.ts";
import type { Line } from "../wording/styled.ts";
import { cut, visible, visibleMessage, visibleName } from "../wording/visible.ts";
import type { RunState, Said } from "./run-state.ts";

type TaskEnd = Extract<RunEvent, { type: "task.end" }>;
type Released = Extract<RunEvent, { type: "task.released" }>;
type Lost = Extract<RunEvent, { type: "task.lost" }>;
type Unstored = Extract<RunEvent, { type: "task.unstored" }>;
type RunEnd = Extract<RunEvent, { type: "run.end" }>;

/** So many failures of a run are told with their stacks; of the rest, and of what is tolerated, a line each. */
const STACKS_SHOWN = 10;
const NAMES_SHOWN = 5;
const UNSTORED_SHOWN = 5;

export class Telling {
  readonly #clean: (line: object) => object;
  readonly #failures: WeakMap<RunState, number> = new WeakMap();
  readonly #unstored: WeakMap<RunState, number> = new WeakMap();

  constructor(redact: Redaction | undefined) {
    this.#clean = lineRedactor(redact).line;
  }

  /** A name or a message without secrets; nothing in it acts on a terminal. */
  name(name: string): string {
    return visibleName(this.#text(name));
  }

  /** What people read a task as. */
  label(task: TaskInfo): string {
    return visibleName(this.#label(task));
  }

  message(message: string): string {
    const shown = this.#clean({ message }) as { readonly message: string };
    return cut(visibleMessage(shown.message), 300);
  }

  /** Empty unless the task failed. */
  failure(state: RunState, { task, outcome, attempts }: TaskEnd): Line[] {
    if (outcome.status !== "failed" && outcome.status !== "abandoned") return [];
    const thrown = outcome.status === "failed" ? outcome.error : outcome.reason;
    const cleaned = this.#clean({ error: serializeError(thrown) }) as { error: SerializedError };
    // What is inside of it has been told with errors of its own.
    const forInside = task.kind === "map" || cleaned.error.name === "SubflowError";
    const error = forInside ? withoutMembers(cleaned.error) : cleaned.error;
    const { status, tolerated } = outcome;
    const before = this.#failures.get(state) ?? 0;
    if (tolerated !== true) this.#failures.set(state, before + 1);
    const full = before < STACKS_SHOWN && tolerated !== true;
    const lines = failureLines({
      sign: STATUS_SIGN[status],
      name: this.#label(task),
      attempts,
      tolerated,
      text: full ? withLog(stackText(error), this.#log(state.takeLog(task.key))) : "",
    });
    const [head] = lines;
    if (full || head === undefined) return lines;
    const note = tolerated === true ? ` (${toleratedText(outcome)})` : "";
    return [[...head, `${note}: ${visibleMessage(errorTitle(error, 300))}`]];
  }

  /** An output has no encoding: of the first few of a run, for it usually is the same of all items. */
  unstored(state: RunState, { task, why }: Unstored): Line[] {
    const before = this.#unstored.get(state) ?? 0;
    if (before === UNSTORED_SHOWN) return [];
    this.#unstored.set(state, before + 1);
    const shown = cut(visible(this.#text(why)), 300);
    const more = before + 1 === UNSTORED_SHOWN ? "; of others, see the report" : "";
    const name = visibleName(this.#label(task));
    return [
      [["warning", `! ${name}`], ` is not stored: ${shown}; a resumed run calls it again${more}`],
    ];
  }

  /** A value has gone by itself. */
  lost({ task, error: thrown }: Lost): Line[] {
    const { error } = this.#clean({ error: serializeError(thrown) }) as { error: SerializedError };
    const why =
      error.cause === undefined ? "" : `: ${visibleMessage(errorTitle(error.cause, 300))}`;
    return [[["warning", `! ${visibleName(this.#label(task))}`], ` has gone by itself${why}`]];
  }

  /** Empty unless a value could not be released. */
  unreleased({ task, ...event }: Released): Line[] {
    if (!("error" in event)) return [];
    const { error } = this.#clean({ error: serializeError(event.error) }) as {
      error: SerializedError;
    };
    const [head = []] = failureLines({
      sign: STATUS_SIGN.failed,
      name: this.#label(task),
      attempts: 1,
      text: "",
    });
    return [[...head, `: its value was not released: ${visibleMessage(errorTitle(error, 300))}`]];
  }

  #log(said: Said | undefined): string {
    if (said === undefined) return "";
    const lines = said.lines.map((line) => this.#clean(line) as LogLineStatistics);
    return saidText(lines, said.before, said.startAt);
  }

  end(
    state: RunState,
    {
      run,
      executionState,
      durationMs,
      counts,
      toleratedFailures,
      timedOut,
      observerFaults,
    }: RunEnd,
  ): Line[] {
    const tasks = STATUSES.reduce((sum, status) => sum + counts[status], 0);
    const told = STATUSES.filter((status) => status !== "detached" && counts[status] > 0);
    const words = [
      ...told.map((status) => `${counts[status]} ${status}`),
      ...(toleratedFailures > 0 ? [`${toleratedFailures} tolerated`] : []),
    ].join(", ");
    const lines: Line[] = [
      closingLine(
        this.#text(run.flow),
        executionState,
        durationMs,
        timedOut ? timeLimit(state.limitMs) : "",
      ),
      [`  ${plural(tasks, "task")}${words === "" ? "" : `: ${words}`}`],
    ];
    const { goingOn } = state;
    if (goingOn.length > 0) lines.push([["faint", `  not waited for: ${this.#names(goingOn)}`]]);
    for (const { observer, count } of observerFaults) {
      const times = `${plural(count, "time")}, see the report`;
      lines.push([["warning", `  observer "${visible(observer)}" went wrong ${times}`]]);
    }
    return lines;
  }

  #names(names: readonly string[]): string {
    const more = names.length - NAMES_SHOWN;
    const shown = names.slice(0, NAMES_SHOWN).map((name) => this.name(name));
    return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  }

  #label({ key: name, itemKey }: TaskInfo): string {
    const { key } = this.#clean({ key: itemKey }) as { readonly key: string | undefined };
    return labelOfInfo({ key: this.#text(name), itemKey: key });
  }

  #text(text: string): string {
    return (this.#clean({ text }) as { readonly text: string }).text;
  }
}
