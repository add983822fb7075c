/** Shows how a run goes, while it goes: chooses the way to show it, and hands it every event. */
import process from "node:process";
import { type Clock, fromEvents, type Observer } from "@astrum/core";
import { checkOptions, fits, flag, oneOf, type Rules } from "astrum-options";
import type { Redaction } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { lineObserver } from "../writing/event-lines.ts";
import { lineWriter } from "../writing/live-log.ts";
import { asciiOnly } from "./ascii.ts";
import { coloursOn, painter } from "./colour.ts";
import type { Display } from "./display.ts";
import { LiveDisplay } from "./live.ts";
import { chosenMode, type Environment, PROGRESS_MODES, type ProgressMode } from "./mode.ts";
import { PlainDisplay } from "./plain.ts";
import { RunState } from "./run-state.ts";
import { Sink, type TerminalStream, writableStream } from "./sink.ts";
import { Telling } from "./telling.ts";
import { unheldClock } from "./ticking.ts";
import type { Estimates } from "./time-left.ts";

export interface ProgressOptions {
  /** Where to. Default `process.stderr`: the standard output is for what the program is for. */
  readonly stream?: TerminalStream | undefined;
  /** Default `"auto"`. */
  readonly mode?: ProgressMode | undefined;
  /**
   * Default: what `--color` or `--no-color` on the command line says, then `NO_COLOR`, then `FORCE_COLOR`; otherwise colours on a
   * terminal that is not `TERM=dumb`, and in the logs of services known to show them.
   */
  readonly color?: boolean | undefined;
  /** Milliseconds by task name, for the time left: `estimatesFrom(report)` of an earlier run. Default: what this run shows. */
  readonly estimates?: Estimates | undefined;
  /** Applied to names, messages and errors before they are shown. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<ProgressOptions> = {
  stream: writableStream,
  mode: oneOf(...PROGRESS_MODES),
  color: flag,
  estimates: fits("a record of milliseconds by task name", isEstimates),
  redact: redactRule,
};

function isEstimates(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Symbol.iterator in value) return false;
  return Object.values(value).every((ms) => typeof ms === "number" && ms >= 0);
}

/** What a test has in its own hands. */
export interface ProgressPlace {
  readonly clock: Clock;
  readonly env: Environment;
  readonly argv: readonly string[];
}

/**
 * An observer named `"progress"`, for `run({ observers: [progress()] })`. It may watch several runs, one after the other or at
 * once. It never delays a run, and keeps no process alive; a reader that went away (`EPIPE`) ends it without a word.
 *
 * On a terminal a block of at most 12 lines, and two fewer than the terminal has, says how far the run is, how long it will
 * still take and what runs longest. Failures are written above it and stay. At the end the block is gone, and a line says how
 * the run ended; `printSummary` says more.
 *
 * @throws TypeError for options that are unknown or not what they may be.
 */
export function progress(options: ProgressOptions = {}): Observer {
  return progressAt({ clock: unheldClock, env: process.env, argv: process.argv }, options);
}

export function progressAt(
  { clock, env, argv }: ProgressPlace,
  options: ProgressOptions,
): Observer {
  checkOptions("progress", options, RULES);
  const { stream = process.stderr, mode = "auto", color, estimates = {}, redact } = options;
  const chosen = chosenMode(mode, stream, env);
  if (chosen === "none") return { name: NAME };
  const sink = Sink.of(stream);
  if (chosen === "ndjson") {
    return lineObserver(
      NAME,
      lineWriter((line) => sink.write(`${line}\n`), redact),
    );
  }
  const paint = painter(coloursOn(stream, color, env, argv), asciiOnly(stream.isTTY, env));
  const voice = { paint, telling: new Telling(redact), estimates };
  return shownBy(
    chosen === "tty"
      ? LiveDisplay.on(sink, clock, voice)
      : new PlainDisplay({ sink, paint, clock, telling: voice.telling }),
  );
}

const NAME = "progress";

function shownBy(display: Display): Observer {
  return {
    name: NAME,
    run(start) {
      const state = new RunState(start.run, start.at);
      const shown = fromEvents(NAME, (event) => {
        state.apply(event);
        display.told(state, event);
      });
      return shown.run?.(start);
    },
  };
}
