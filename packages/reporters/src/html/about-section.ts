/** How it was run: what a reader needs to repeat it, and what came from an earlier run. */
import type { SerializedReport } from "@astrum/core";
import { count } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { isResumed } from "../wording/ending.ts";
import { cut, visible, visibleMessage } from "../wording/visible.ts";
import { html, type Markup } from "./markup.ts";
import type { TaskLinks } from "./task-links.ts";

const NAMES = 50;

export function aboutSection(report: SerializedReport, links: TaskLinks): Markup {
  const { run, resume } = report;
  const { config, host } = run;
  const facts: [string, Markup | string][] = [
    ["slots", config.concurrency === null ? "no limit" : String(config.concurrency)],
    ["after a failure", visible(config.failure)],
    ["order", visible(config.dispatch)],
    ["stages", count(report.totalStages)],
    ["widest stage", count(report.maxParallelism)],
  ];
  if (config.timeoutMs !== undefined) facts.push(["time limit", duration(config.timeoutMs)]);
  for (const [name, amount] of Object.entries(config.resources ?? {})) {
    facts.push([`limit ${visible(name)}`, String(amount)]);
  }
  for (const [name, { limit, perMs, burst }] of Object.entries(config.rates ?? {})) {
    const text = perMs === null ? `${limit} in all` : `${limit} each ${duration(perMs)}`;
    const atOnce = perMs === null || burst === limit ? "" : `, at most ${burst} at once`;
    facts.push([`rate ${visible(name)}`, `${text}${atOnce}`]);
  }
  if (run.targets.length > 0) facts.push(["targets", links.list(run.targets, NAMES)]);
  for (const [name, version] of Object.entries(run.versions)) {
    facts.push([visible(name), visible(version)]);
  }
  if (host !== undefined)
    facts.push(["machine", `${visible(host.platform)} ${visible(host.arch)}, ${host.cpus} CPUs`]);
  const { driftMs } = report.clock;
  if (driftMs !== null && Math.abs(driftMs) >= 1) {
    facts.push([
      "wall clock",
      `moved by ${duration(driftMs)} against the monotonic one; all times here are of the latter`,
    ]);
  }
  return html`<section id="about" aria-labelledby="about-title">
<h2 id="about-title">How it was run</h2>
<dl class="facts">${facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
${resume !== undefined && isResumed(report) && resumed(resume, links)}${resume?.unstored !== undefined && unstored(resume.unstored, links)}
</section>`;
}

function resumed(resume: NonNullable<SerializedReport["resume"]>, links: TaskLinks): Markup {
  const { restored, ignored, rerun } = resume;
  return html`<h3>Resumed from an earlier run</h3>
<p>${count(restored.length)} restored, ${count(rerun.length)} run again, ${count(ignored.length)} of the earlier run no longer wanted.</p>
${rerun.length > 0 && html`<details open><summary>Run again</summary>${withReasons(rerun, links)}</details>`}
${restored.length > 0 && html`<details><summary>Restored</summary>${links.list(restored, NAMES)}</details>`}
${ignored.length > 0 && html`<details><summary>No longer wanted</summary>${links.list(ignored, NAMES)}</details>`}`;
}

/** What a later run cannot take over of this one. */
function unstored(outputs: readonly Reason[], links: TaskLinks): Markup {
  return html`<h3>Not stored</h3>
<p>A run that takes up this one calls these again: what they gave has no encoding.</p>
${withReasons(outputs, links)}`;
}

interface Reason {
  readonly task: string;
  readonly why: string;
}

function withReasons(reasons: readonly Reason[], links: TaskLinks): Markup {
  return html`<ul class="names">${reasons.slice(0, NAMES).map(({ task, why }) => html`<li>${links.to(task)} <small>${cut(visibleMessage(why), 160)}</small></li>`)}${reasons.length > NAMES && html`<li class="more">and ${reasons.length - NAMES} more</li>`}</ul>`;
}
