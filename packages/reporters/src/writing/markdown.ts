/**
 * The report as GitHub-flavoured Markdown, for a job summary or a comment. GitHub drops a job summary above 1 MiB whole, so
 * sections are added while they fit, failures first, and what was left out is said. Names and messages stand in code spans:
 * there is no mark-up, mention, link or emoji code in them.
 */

import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { amount, checkOptions, type Rules, text } from "astrum-options";
import { type CriticalSegment, type Insight, insight, pathRows } from "../asking/insight.ts";
import { adviceNote, leverPaste, leverText } from "../asking/lever-text.ts";
import { duration } from "../wording/duration.ts";
import { atLeast, cutOff, endedBy, resumeText, tookText } from "../wording/ending.ts";
import { errorText } from "../wording/error-text.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { insideText } from "../wording/inside.ts";
import { labelOf } from "../wording/label.ts";
import { logText } from "../wording/log-text.ts";
import { Nesting } from "../wording/nesting.ts";
import {
  attemptMessage,
  countsText,
  errorOf,
  failedAttempts,
  failsForInside,
  failuresOf,
  reasonText,
  STATUS_SIGN,
  signOf,
  startedAgainText,
  toleratedOf,
  toleratedText,
} from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { cut, visibleLines, visibleMessage } from "../wording/visible.ts";
import { code, longestRun, table } from "./markdown-parts.ts";
import { renderMermaid } from "./mermaid.ts";

export interface MarkdownOptions {
  /** Default 900,000; a job summary may have 1,048,576, a comment 65,536. At least 1,000. */
  readonly maxBytes?: number | undefined;
  /** A Mermaid diagram of the graph when it has at most this many tasks. Default 60; 0 for none. */
  readonly diagramTasks?: number | undefined;
  /** Where the HTML report is, for a link below the headline: an address, or a path from the page. */
  readonly url?: string | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

export const MARKDOWN_RULES: Rules<MarkdownOptions> = {
  maxBytes: amount("a number of bytes", 0, Infinity),
  diagramTasks: amount("a number of tasks", 0, Infinity),
  url: text,
  redact: redactRule,
};

/** Headings start at the third level, so that the text fits into a page of its own or another's. */
export function renderMarkdown(report: AnyReport, options: MarkdownOptions = {}): string {
  checkOptions("renderMarkdown", options, MARKDOWN_RULES);
  const shown = redacted(report, options.redact);
  const page = new Page(Math.max(1000, options.maxBytes ?? 900_000) - RESERVE);
  page.add(header(shown));
  if (options.url !== undefined) page.add(`\n[The whole report](${destination(options.url)})\n`);
  addFailures(page, failuresOf(shown), "failed", DETAILED);
  addFailures(page, toleratedOf(shown), "failed, which is tolerated", 0);
  page.section("what was running", cutOffList(shown));
  page.section("why it took that long", why(shown));
  page.section("the flaky tasks", flaky(shown));
  page.section("the slowest tasks", slowest(shown));
  page.section("the diagram", diagram(shown, options.diagramTasks ?? 60));
  page.section("the list of tasks", taskTable(shown));
  return page.text();
}

/** Room for the closing note. */
const RESERVE = 400;

class Page {
  #left: number;
  readonly #parts: string[] = [];
  readonly #leftOut: string[] = [];
  readonly #encoder = new TextEncoder();

  constructor(bytes: number) {
    this.#left = bytes;
  }

  add(part: string): boolean {
    const bytes = this.#encoder.encode(part).length;
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    this.#parts.push(part);
    return true;
  }

  section(name: string, part: string): void {
    if (part !== "" && !this.add(part)) this.#leftOut.push(name);
  }

  leaveOut(what: string): void {
    this.#leftOut.push(what);
  }

  text(): string {
    if (this.#leftOut.length > 0) {
      this.#parts.push(
        `\n> Left out to stay within the size limit: ${this.#leftOut.join(", ")}.\n`,
      );
    }
    return this.#parts.join("");
  }
}

/** In angle brackets, in which only a few characters mean something. */
function destination(url: string): string {
  const safe = url.replace(/[\p{Cc}\s<>\\]/gu, (one) => encodeURIComponent(one));
  return `<${safe}>`;
}

function header(report: SerializedReport): string {
  const sign = report.executionState === "completed" ? "✓" : "✗";
  const name = code(cut(report.run.flow ?? report.run.id, 256));
  const issues = (report.planIssues ?? [])
    .slice(0, 3)
    .map(({ message }) => `- ${code(cut(visibleMessage(message), 100))}`);
  const plan = issues.length === 0 ? "" : `\nThe plan is wrong:\n\n${issues.join("\n")}\n`;
  const again = startedAgainText(report, (name) => code(cut(name, 256)));
  const by = endedBy(report);
  const said = report.executionState === "cancelled" ? code(cut(visibleMessage(by), 300)) : by;
  const why = by === "" ? "" : `: ${said}`;
  return `### ${sign} ${name} ${report.executionState} after ${duration(report.totalDurationMs)}${why}\n\n${report.totalTasks} tasks: ${countsText(report)}.\n${again === "" ? "" : `\n${again}.\n`}${plan}`;
}

/** First with stacks, then by title, then by number: as many as fit, never none. */
function addFailures(
  page: Page,
  failures: readonly TaskStatistics[],
  what: string,
  detailed: number,
): void {
  if (failures.length === 0) return;
  page.add(`\n### ${failures.length} ${what}\n\n`);
  let listed = 0;
  for (const task of failures) {
    const note = task.fallback === true ? ` (${toleratedText(task)})` : "";
    const title = `- ${signOf(task)} ${code(cut(labelOf(task), 256))}${note}: ${code(visibleMessage(reasonText(task, 300)))}\n`;
    const full = listed < detailed ? `${title}${details(task)}` : title;
    if (!page.add(full) && !page.add(title)) break;
    listed++;
  }
  if (listed < failures.length)
    page.leaveOut(`${failures.length - listed} of ${failures.length} failures`);
}

const DETAILED = 50;

function cutOffList(report: SerializedReport): string {
  const resume = resumeText(report);
  if (resume === undefined) return "";
  const running = cutOff(report);
  const rows = running
    .slice(0, DETAILED)
    .map(({ task, ms }) => `- ${code(cut(labelOf(task), 256))} ${atLeast(ms)}\n`);
  const more = running.length > rows.length ? `- and ${running.length - rows.length} more\n` : "";
  const list = rows.length === 0 ? "" : `${rows.join("")}${more}\n`;
  return `\n### ${running.length} running when the record of the run ended\n\n${list}${resume}\n`;
}

function details(task: TaskStatistics): string {
  const error = errorOf(task);
  const stack = error === undefined ? "" : folded("stack", errorText(error, 40));
  const log = logText(task);
  return log === "" ? stack : `${stack}${folded("log", log)}`;
}

function folded(title: string, text: string): string {
  const lines = visibleLines(text)
    .split("\n")
    .map((line) => cut(line, 400));
  const fence = "`".repeat(Math.max(3, 1 + longestRun(lines.join("\n"), "`")));
  const block = [`${fence}text`, ...lines, fence].map((line) => `  ${line}`).join("\n");
  return `\n  <details><summary>${title}</summary>\n\n${block}\n\n  </details>\n\n`;
}

function why(report: SerializedReport): string {
  const seen = insight(report);
  if (seen.criticalPath.length === 0) return "";
  const sum = seen.parts.map(({ what, ms }) => `${duration(ms)} ${what}`).join(" + ");
  const rows = pathRows(seen, 15).map(({ fromMs, gapMs, runMs, segments }) => [
    duration(fromMs),
    duration(gapMs),
    duration(runMs),
    pathLabel(segments),
  ]);
  const path = table(["at", "waited", "ran", "task"], rows);
  return `\n### Why it took ${duration(seen.makespanMs)}\n\n${seen.verdict} ${sum}.\n\nThe critical path:\n\n${path}${faster(seen)}`;
}

function faster({ advice, criticalPath }: Insight): string {
  if (advice === undefined) return "";
  const { levers } = advice;
  if (levers.length === 0 && advice.busyCores === undefined) return "";
  const labels = new Map(criticalPath.map(({ task, label }) => [task, label]));
  const rows = levers.map((lever) => {
    const [before, after] = leverText(lever);
    const paste = leverPaste(lever);
    const name = lever.name === "" ? "" : code(labels.get(lever.name) ?? lever.name);
    const what = `${before}${name}${after}${paste === undefined ? "" : `: ${code(paste)}`}`;
    return [duration(lever.makespanMs), duration(lever.savedMs), what];
  });
  const list = rows.length === 0 ? "" : `${table(["takes", "saves", "if"], rows)}\n`;
  return `\n### What would make it faster\n\n${list}${adviceNote(advice)}\n`;
}

function pathLabel([segment, ...more]: readonly CriticalSegment[]): string {
  if (segment === undefined) return "";
  if (more.length > 0) return `… ${more.length + 1} shorter attempts`;
  return `${code(segment.label)}${segment.attempt > 1 ? ` attempt ${segment.attempt}` : ""}`;
}

function slowest(report: SerializedReport): string {
  const rows = insight(report).slowest.map((task) => [
    duration(task.runMs),
    String(task.attemptCount),
    code(labelOf(task)),
  ]);
  return rows.length === 0 ? "" : `\n### Slowest\n\n${table(["ran", "attempts", "task"], rows)}`;
}

function flaky(report: SerializedReport): string {
  const rows = insight(report).flaky.map((task) => {
    const last = task.attemptStatistics.findLast(({ status }) => status === "failed");
    return [
      String(failedAttempts(task)),
      code(labelOf(task)),
      code(visibleMessage((last && attemptMessage(last, 200)) ?? "")),
    ];
  });
  const more = report.flakyTasks > rows.length ? `, the worst ${rows.length}` : "";
  return rows.length === 0
    ? ""
    : `\n### ${report.flakyTasks} flaky${more}\n\n${table(["failed attempts", "task", "last error"], rows)}`;
}

function diagram(report: SerializedReport, tasks: number): string {
  if (report.totalTasks === 0 || report.taskStatistics.length > tasks) return "";
  // Every character with a meaning is an entity there, so nothing can end the fence.
  return `\n### Graph\n\n\`\`\`mermaid\n${renderMermaid(report, { redact: false })}\`\`\`\n`;
}

function taskTable(report: SerializedReport): string {
  const { taskStatistics } = report;
  if (taskStatistics.length === 0) return "";
  const nesting = Nesting.of(report);
  const rows = nesting.unfolded().map((place) => {
    const task = taskStatistics[place] as TaskStatistics;
    const inside = nesting.folds(place) ? nesting.insideOf(place) : [];
    return [
      `${STATUS_SIGN[task.status]} ${task.status}`,
      task.startAt === null ? "" : tookText(task, report),
      code(labelOf(task)),
      whyText(
        task,
        inside.map((one) => taskStatistics[one] as TaskStatistics),
        report,
      ),
    ];
  });
  const folded = taskStatistics.length - rows.length;
  const note = folded === 0 ? "" : `, ${folded} of them inside of others`;
  return `\n<details><summary>All ${taskStatistics.length} tasks${note}</summary>\n\n${table(["status", "took", "task", "why"], rows)}\n</details>\n`;
}

function whyText(
  task: TaskStatistics,
  inside: readonly TaskStatistics[],
  report: SerializedReport,
): string {
  const why = inside.length > 0 && failsForInside(task) ? "" : reasonText(task, 200);
  const folded = inside.length === 0 ? "" : insideText(inside, report, 200);
  const said = [why, folded].filter((text) => text !== "").join("; ");
  return said === "" ? "" : code(visibleMessage(said));
}
