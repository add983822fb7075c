/** Watching a run in a terminal or a log, and what is left on the screen afterwards. Table of contents; Node.js only. */
export type { Redaction } from "../wording/redact.ts";
export type { ProgressMode } from "./mode.ts";
export { type ProgressOptions, progress } from "./progress.ts";
export type { TerminalStream } from "./sink.ts";
export { printSummary, type SummaryOptions } from "./summary.ts";
