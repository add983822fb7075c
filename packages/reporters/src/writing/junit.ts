/**
 * The report as JUnit XML, for continuous integration servers. There is no specification; there are two dialects.
 * `jenkins` is the schema of the Jenkins xUnit plugin (junit-10.xsd) with its flaky and rerun elements, which GitLab, GitHub
 * actions, Azure and Maven's own reports read too; `ant` is the older schema of Apache Ant, which knows no skipped tests.
 * A failed task is an `<error>`: nothing was asserted. One whose failure is tolerated is `<skipped>`, with the reason.
 */
import type { AttemptStatistics, SerializedError, SerializedReport } from "@astrum/core";
import { checkOptions, oneOf, type Rules, text } from "astrum-options";
import { errorText, errorTitle } from "../wording/error-text.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { logText } from "../wording/log-text.ts";
import { errorOf, toleratedText } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { type Verdict, verdicts } from "../wording/verdicts.ts";
import { visible, visibleLines, visibleMessage } from "../wording/visible.ts";
import { xmlAttribute, xmlText } from "../wording/xml.ts";

export interface JUnitOptions {
  /** Default `jenkins`. */
  readonly dialect?: "jenkins" | "ant" | undefined;
  /** Default: the name of the flow. */
  readonly suite?: string | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<JUnitOptions> = {
  dialect: oneOf("jenkins", "ant"),
  suite: text,
  redact: redactRule,
};

/** The report as JUnit XML, for continuous integration servers. */
export function renderJUnit(report: AnyReport, options: JUnitOptions = {}): string {
  checkOptions("renderJUnit", options, RULES);
  const shown = redacted(report, options.redact);
  const dialect = options.dialect ?? "jenkins";
  const name = visible(options.suite ?? shown.run.flow ?? shown.run.id).trim() || "run";
  const cases = verdicts(shown);
  const suites = suitesOf(name, cases);
  const body = suites.map((suite, id) => suiteXml(shown, suite, id, dialect)).join("");
  const attributes =
    dialect === "ant"
      ? ""
      : `${attribute("name", name)}${attribute("time", seconds(shown.totalDurationMs, 3))}${countAttributes(cases)}`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes}>\n${body}</testsuites>\n`;
}

interface Suite {
  readonly name: string;
  readonly cases: readonly Verdict[];
}

/** What is inside of a map, or of a task with a flow, is a suite of its own, at any depth; everything else is one. */
function suitesOf(name: string, cases: readonly Verdict[]): Suite[] {
  const groups = new Map<string | undefined, Verdict[]>([[undefined, []]]);
  for (const one of cases) {
    const group = groups.get(one.group);
    if (group === undefined) groups.set(one.group, [one]);
    else group.push(one);
  }
  return Array.from(groups, ([group, members]) => ({
    name: group === undefined ? name : `${name}.${visible(group)}`,
    cases: members,
  }));
}

function suiteXml(
  report: SerializedReport,
  suite: Suite,
  id: number,
  dialect: "jenkins" | "ant",
): string {
  const time = suite.cases.reduce((sum, { task }) => sum + (task?.durationMs ?? 0), 0);
  const cases = suite.cases.map((one) => caseXml(suite.name, one, dialect)).join("");
  const observers = (report.observerErrors ?? []).map((error) => errorText(error)).join("\n");
  const errors = id === 0 ? xmlText(visibleLines(observers)) : "";
  const common = `${attribute("name", suite.name)}${attribute("time", seconds(time, 3))}`;
  if (dialect === "jenkins") {
    const timestamp = attribute("timestamp", report.run.startedAt.slice(0, 19));
    const output = errors === "" ? "" : `    <system-err>${errors}</system-err>\n`;
    return `  <testsuite${common}${countAttributes(suite.cases)}${attribute("skipped", String(count(suite.cases, "skipped") + count(suite.cases, "tolerated")))}${timestamp}>\n${cases}${output}  </testsuite>\n`;
  }
  const identity = `${attribute("package", suite.name)}${attribute("id", String(id))}${attribute("hostname", "localhost")}${attribute("timestamp", report.run.startedAt.slice(0, 19))}`;
  return `  <testsuite${common}${countAttributes(suite.cases)}${identity}>\n    <properties/>\n${cases}    <system-out></system-out>\n    <system-err>${errors}</system-err>\n  </testsuite>\n`;
}

function caseXml(suite: string, one: Verdict, dialect: "jenkins" | "ant"): string {
  const head = `    <testcase${attribute("classname", suite)}${attribute("name", named(one.name))}${attribute("time", seconds(one.task?.durationMs ?? 0))}`;
  const elements = [
    ...resultElements(one, dialect),
    ...(dialect === "ant" ? [] : retryElements(one)),
    ...(dialect === "ant" ? [] : logElements(one)),
  ];
  return elements.length === 0 ? `${head}/>\n` : `${head}>\n${elements.join("")}    </testcase>\n`;
}

function resultElements(one: Verdict, dialect: "jenkins" | "ant"): string[] {
  if (one.result === "passed") return [];
  const message = attribute("message", visibleMessage(one.message));
  // As other test tools tell a failure that they expect.
  if (one.result === "tolerated") {
    const why = toleratedText(one.task ?? {});
    const tolerated = attribute("message", visibleMessage(`failed, ${why}: ${one.message}`));
    return dialect === "ant" ? [] : [`      <skipped${tolerated}/>\n`];
  }
  if (one.result === "skipped") {
    return dialect === "ant" ? [] : [`      <skipped${message}/>\n`];
  }
  const { task } = one;
  const error = task && errorOf(task);
  const type = error?.name ?? task?.status ?? "run";
  const text = error === undefined ? one.message : errorText(error);
  return [
    `      <error${message}${attribute("type", visible(type))}>${xmlText(visibleLines(text))}</error>\n`,
  ];
}

/** What a task that failed had said. */
function logElements({ task, result }: Verdict): string[] {
  if (task === undefined || result === "passed" || result === "skipped") return [];
  const log = logText(task, 100);
  return log === "" ? [] : [`      <system-out>${xmlText(visibleLines(log))}</system-out>\n`];
}

/** What Surefire writes for reruns: an earlier attempt is flaky if the task completed, else a rerun that failed too. */
function retryElements({ task, result }: Verdict): string[] {
  if (task === undefined || result === "tolerated") return [];
  const earlier = task.attemptStatistics.filter(
    (attempt, index) => attempt.status === "failed" && index < task.attemptStatistics.length - 1,
  );
  const element = result === "passed" ? "flakyError" : "rerunError";
  return earlier.map((attempt) => retryElement(element, attempt));
}

function retryElement(element: string, attempt: AttemptStatistics): string {
  const error: SerializedError = attempt.error ?? {
    name: "Error",
    message: attempt.errorMessage ?? "",
  };
  const title = `attempt ${attempt.attemptNumber}: ${errorTitle(error)}`;
  return `      <${element}${attribute("message", visibleMessage(title))}${attribute("type", visible(error.name))}><stackTrace>${xmlText(visibleLines(errorText(error)))}</stackTrace></${element}>\n`;
}

function countAttributes(cases: readonly Verdict[]): string {
  return `${attribute("tests", String(cases.length))}${attribute("failures", "0")}${attribute("errors", String(count(cases, "failed")))}`;
}

function count(cases: readonly Verdict[], result: Verdict["result"]): number {
  return cases.filter((one) => one.result === result).length;
}

function attribute(name: string, value: string): string {
  return ` ${name}="${xmlAttribute(value)}"`;
}

/** Readers that need a name get one. */
function named(name: string): string {
  return name === "" ? '""' : name;
}

/** With a point and never an exponent. Jenkins takes at most three decimals for a suite, any number for a case. */
function seconds(ms: number, decimals = 6): string {
  const value = Math.max(0, Number.isFinite(ms) ? ms : 0) / 1000;
  return value.toFixed(decimals).replace(/\.?0+$/, "");
}
