/**
 * The report as one page that needs nothing but itself: no server, no network, no script to be read. It answers in this
 * order: did it work; what failed and why; why did it take this long; what would make it faster; what waited for what. The
 * script in it (`page/`) adds the timeline, the list of all tasks, the filter and the details.
 */
import type { SerializedReport } from "@astrum/core";
import { checkOptions, flag, type Rules } from "astrum-options";
import { insight } from "../asking/insight.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { cut, visibleName } from "../wording/visible.ts";
import { renderCard } from "../writing/card.ts";
import { aboutSection } from "./about-section.ts";
import { contents, type Part } from "./contents.ts";
import { cutOffSection } from "./cut-off-section.ts";
import { failureSection } from "./failure-section.ts";
import { fasterSection } from "./faster-section.ts";
import { pageDataOf } from "./from-report.ts";
import { graphSection } from "./graph-section.ts";
import { head } from "./head.ts";
import { island, textIsland } from "./island.ts";
import { html } from "./markup.ts";
import { notRunSection } from "./not-run-section.ts";
import { flakySection, slowestSection } from "./ranking-section.ts";
import { scripts } from "./scripts.ts";
import { summary } from "./summary.ts";
import { TaskLinks } from "./task-links.ts";
import { trial, whatIfSection } from "./what-if-section.ts";
import { whySection } from "./why-section.ts";
import { workspace } from "./workspace.ts";

export interface HtmlOptions {
  /** The values of tasks, in the detail pane. They may hold what must not leave the machine. Default `false`. */
  readonly outputs?: boolean | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<HtmlOptions> = { outputs: flag, redact: redactRule };

/** Readable without scripts and under `Content-Security-Policy: default-src 'none'`, apart from the interactive parts. */
export function renderHtml(report: AnyReport, options: HtmlOptions = {}): string {
  checkOptions("renderHtml", options, RULES);
  const shown = redacted(report, options.redact, options.outputs === true);
  const seen = insight(shown);
  const name = visibleName(shown.run.flow ?? shown.run.id);
  const title = cut(`${name}: ${shown.executionState}`, 200);
  const tried = trial(shown, seen.advice);
  const data = pageDataOf(options.outputs === true ? shown : withoutOutputs(shown), name, tried);
  const links = new TaskLinks(shown);
  const failures = failureSection(shown, seen, links);
  const cutOff = cutOffSection(shown, links);
  const notRun = notRunSection(shown, links);
  const flaky = flakySection(seen, shown.flakyTasks, links);
  const troubled = [failures, cutOff, notRun, flaky].some((section) => section !== undefined);
  const why = whySection(shown, seen, links);
  const faster = fasterSection(shown, seen, links);
  const graph = graphSection(shown);
  const tries = tried !== undefined;
  const ours = scripts(tries);
  const parts: readonly Part[] = [
    ["failures", "Failures", failures !== undefined],
    ["cut-off", "Cut off", cutOff !== undefined],
    ["not-run", "Not completed", notRun !== undefined],
    ["flaky", "Flaky", flaky !== undefined],
    ["why", "Why so long", why !== undefined],
    ["faster", "Faster", faster !== undefined],
    ["timeline", "Timeline", data.attempts.task.length > 0],
    ["graph-title", "Graph", graph !== undefined],
    ["tasks-title", "All tasks", shown.totalTasks > 0],
    ["about", "How it was run", true],
  ];
  const page = html`<!doctype html>
<html lang="en">
${head({ title, state: shown.executionState, scripts: ours.hashes, worker: tries })}
<body>
${shown.totalTasks > 0 && html`<a class="skip" href="#timeline">Skip to the timeline and the tasks</a>`}
${summary(shown, name, seen)}
${contents(parts)}
<main>
<div class="findings${troubled ? " troubled" : ""}">
${troubled && html`<div class="column troubles">${[failures, cutOff, notRun, flaky]}</div>`}
<div class="column why">${why}</div>
<div class="column faster">${faster}</div>
<div class="column slow">${slowestSection(seen, links)}</div>
</div>
${whatIfSection(shown, tried)}
${workspace(shown, data, graph)}
${aboutSection(shown, links)}
</main>
<footer><p>Made by Astrum for one run. This file asks for nothing and sends nothing.</p></footer>
<p class="sr" role="status" aria-live="polite" id="said"></p>
${island(data)}
${textIsland("card", renderCard(shown, { redact: false }))}
${ours.markup}
</body>
</html>
`;
  return page.text;
}

function withoutOutputs(report: SerializedReport): SerializedReport {
  const { outputs: _, ...rest } = report;
  return rest;
}
