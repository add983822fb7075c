/** Which of the ways to show progress fits where it is shown. Reads the environment it is given and nothing else. */
import type { TerminalStream } from "./sink.ts";

/**
 * - `auto`: `tty` on a terminal that can move its cursor, outside continuous integration; `plain` everywhere else.
 * - `tty`: a live block at the bottom of the terminal. Where there is no terminal this is `plain`.
 * - `plain`: a line for each task that ends, for logs.
 * - `ndjson`: every event as a line of JSON, as in an event log; `readEventLog` reads it back.
 * - `none`: nothing, at no cost.
 */
export type ProgressMode = "auto" | "tty" | "plain" | "ndjson" | "none";

export const PROGRESS_MODES: readonly ProgressMode[] = ["auto", "tty", "plain", "ndjson", "none"];

export type Environment = Readonly<Record<string, string | undefined>>;

export function chosenMode(
  mode: ProgressMode,
  stream: TerminalStream,
  env: Environment,
): Exclude<ProgressMode, "auto"> {
  if (mode === "ndjson" || mode === "none") return mode;
  if (mode === "plain" || stream.isTTY !== true) return "plain";
  return mode === "tty" || (env.TERM !== "dumb" && !inContinuousIntegration(env)) ? "tty" : "plain";
}

/** `CI=true` and the like; `CI=false` and `CI=0` say no. */
function inContinuousIntegration({ CI }: Environment): boolean {
  return CI !== undefined && CI !== "" && CI !== "0" && CI.toLowerCase() !== "false";
}
