import { checkOptions, type Rules } from "astrum-options";
import { errorText } from "../wording/error-text.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { logText } from "../wording/log-text.ts";
import { errorOf, toleratedText } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { type Verdict, verdicts } from "../wording/verdicts.ts";
import { visible, visibleLines, visibleMessage } from "../wording/visible.ts";

export interface TapOptions {
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<TapOptions> = { redact: redactRule };

/** The report in the Test Anything Protocol, version 14: a line for each task. */
export function renderTap(report: AnyReport, options: TapOptions = {}): string {
  checkOptions("renderTap", options, RULES);
  const points = verdicts(redacted(report, options.redact));
  const plan = points.length === 0 ? "1..0 # SKIP no tasks" : `1..${points.length}`;
  return ["TAP version 14", plan, ...points.flatMap(point), ""].join("\n");
}

function point(verdict: Verdict, index: number): string[] {
  const { name, result, task, message } = verdict;
  const ok = result === "failed" || result === "tolerated" ? "not ok" : "ok";
  const why =
    result === "skipped"
      ? ` # SKIP ${task?.status ?? ""}: ${escaped(visibleMessage(message))}`
      : // What a harness does not count as a failure.
        result === "tolerated"
        ? ` # TODO ${task?.fallback ? toleratedText(task) : "its failure is tolerated"}`
        : "";
  const line = `${ok} ${index + 1} - ${escaped(visible(name))}${why}`;
  if (result === "skipped" || task === undefined) {
    return result === "failed" ? [line, ...yaml({ message: visibleMessage(message) })] : [line];
  }
  const facts: Record<string, string | number> = {
    status: task.status,
    duration_ms: task.durationMs,
  };
  if (task.attemptCount > 1) facts.attempts = task.attemptCount;
  if (result !== "passed") {
    facts.message = visibleMessage(message);
    const error = errorOf(task);
    if (error !== undefined) facts.stack = visibleLines(errorText(error));
    const log = logText(task);
    if (log !== "") facts.log = visibleLines(log);
  }
  return [line, ...yaml(facts)];
}

/** JSON strings and numbers are YAML. */
function yaml(facts: Readonly<Record<string, string | number>>): string[] {
  const lines = Object.entries(facts).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`);
  return ["  ---", ...lines, "  ..."];
}

function escaped(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/#/g, "\\#");
}
