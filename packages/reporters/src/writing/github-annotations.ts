/**
 * Failed, tolerated and flaky tasks as workflow commands of GitHub Actions (`::error …::…`), printed to a step's output.
 * A step shows at most ten errors and ten warnings and drops the rest without a word, so the last of ten says how many
 * more there are. With `root`, an annotation points at the first line of the stack below that directory.
 */

import type { SerializedError } from "@astrum/core";
import { checkOptions, type Rules, text } from "astrum-options";
import { errorText } from "../wording/error-text.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { labelOf } from "../wording/label.ts";
import {
  attemptMessage,
  errorOf,
  failedAttempts,
  isFlaky,
  reasonText,
  toleratedOf,
  toleratedText,
} from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { sourcePlace } from "../wording/source-place.ts";
import { verdicts } from "../wording/verdicts.ts";
import { visibleLines, visibleName } from "../wording/visible.ts";

export interface GithubAnnotationsOptions {
  /**
   * The checkout, a path or a `file:` URL, for instance `process.env.GITHUB_WORKSPACE`. Without it annotations have no file.
   */
  readonly root?: string | undefined;
  /** Where the HTML report is; each annotation ends with it. */
  readonly url?: string | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<GithubAnnotationsOptions> = { root: text, url: text, redact: redactRule };

const SHOWN = 10;
/** Of each error. */
const LINES = 60;

/** Failed, tolerated and flaky tasks as annotations of GitHub Actions: print them in a step. */
export function renderGithubAnnotations(
  report: AnyReport,
  options: GithubAnnotationsOptions = {},
): string {
  checkOptions("renderGithubAnnotations", options, RULES);
  const shown = redacted(report, options.redact);
  const failures = verdicts(shown).filter(({ result }) => result === "failed");
  const errors = failures.map(({ name, task, message }) => {
    const error = task && errorOf(task);
    const text = error === undefined ? message : errorText(error, LINES);
    return command(
      "error",
      name,
      withReport(text, options.url),
      placeOf(task?.error, options.root),
    );
  });
  const flaky = shown.taskStatistics.filter(isFlaky);
  const warnings = flaky.map((task) => {
    const last = task.attemptStatistics.findLast(({ status }) => status === "failed");
    const tries = failedAttempts(task);
    const why = (last && attemptMessage(last)) ?? "no message";
    const text = `Completed after ${tries} failed attempt${tries === 1 ? "" : "s"}: ${why}`;
    return command(
      "warning",
      `${labelOf(task)} is flaky`,
      withReport(text, options.url),
      placeOf(last?.error, options.root),
    );
  });
  const tolerated = toleratedOf(shown).map((task) => {
    const error = errorOf(task);
    const text = error === undefined ? reasonText(task) : errorText(error, LINES);
    return command(
      "warning",
      `${labelOf(task)} failed, ${task.fallback === true ? toleratedText(task) : "which is tolerated"}`,
      withReport(text, options.url),
      placeOf(task.error, options.root),
    );
  });
  const warned = tolerated.length > 0 ? "tolerated failures and flaky tasks" : "flaky tasks";
  return [
    ...limited("error", errors, "failures", options.url),
    ...limited("warning", [...tolerated, ...warnings], warned, options.url),
    "",
  ].join("\n");
}

type Level = "error" | "warning";

function withReport(text: string, url: string | undefined): string {
  return url === undefined ? text : `${text}\nReport: ${url}`;
}

function limited(
  level: Level,
  commands: readonly string[],
  what: string,
  url: string | undefined,
): string[] {
  if (commands.length <= SHOWN) return [...commands];
  const more = commands.length - (SHOWN - 1);
  return [
    ...commands.slice(0, SHOWN - 1),
    command(level, "Astrum", withReport(`${more} more ${what}; see the report.`, url), {}),
  ];
}

function command(level: Level, title: string, text: string, place: Place): string {
  const properties = Object.entries({ ...place, title: visibleName(title) }).map(
    ([key, value]) => `${key}=${escapedProperty(String(value))}`,
  );
  return `::${level} ${properties.join(",")}::${escapedData(visibleLines(text))}`;
}

/** The runner's own escapes (actions/toolkit, `command.ts`). */
function escapedData(text: string): string {
  return text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
}

function escapedProperty(text: string): string {
  return escapedData(text).replace(/:/g, "%3A").replace(/,/g, "%2C");
}

interface Place {
  readonly file?: string;
  readonly line?: string;
  readonly col?: string;
}

function placeOf(error: SerializedError | undefined, root: string | undefined): Place {
  if (error === undefined || root === undefined || root === "") return {};
  const place = sourcePlace(error, root);
  return place === undefined ? {} : { file: place.file, line: place.line, col: place.column };
}
