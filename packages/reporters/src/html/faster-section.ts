/** What would make it faster: each lever with the most it can save, and what no number of slots can beat. */
import type { SerializedReport } from "@astrum/core";
import type { Insight } from "../asking/insight.ts";
import { duration } from "../wording/duration.ts";
import { cut, visibleName } from "../wording/visible.ts";
import { html, type Markup } from "./markup.ts";
import type { TaskLinks } from "./task-links.ts";

const TASKS = 3;

export function fasterSection(
  report: SerializedReport,
  seen: Insight,
  links: TaskLinks,
): Markup | undefined {
  if (seen.criticalPath.length === 0 || seen.makespanMs === 0) return undefined;
  const levers = leversOf(report, seen, links);
  return html`<section id="faster" aria-labelledby="faster-title">
<h2 id="faster-title">What would make it faster</h2>
${bounds(report, seen)}
${levers.length > 0 && html`<table class="levers"><thead><tr><th scope="col">if</th><th scope="col" class="number">saves at most</th></tr></thead><tbody>${levers.map(({ what, savesMs }) => html`<tr><td>${what}</td><td class="number"><b>${duration(savesMs)}</b> <small>${Math.round((100 * savesMs) / seen.makespanMs)} %</small></td></tr>`)}</tbody></table>`}
</section>`;
}

interface Lever {
  readonly what: Markup;
  readonly savesMs: number;
}

function leversOf(report: SerializedReport, seen: Insight, links: TaskLinks): Lever[] {
  const part = (name: string): number => seen.parts.find(({ what }) => what === name)?.ms ?? 0;
  const levers: Lever[] = [
    {
      what: html`there were as many slots as tasks`,
      // Without a limit there is nothing to add.
      savesMs:
        report.run.config.concurrency === null
          ? 0
          : Math.max(0, seen.makespanMs - report.analysis.bounds.dependencyMs),
    },
    {
      what: html`no attempt on the critical path failed`,
      savesMs: part("failed attempts") + part("back-off"),
    },
    {
      what: html`nothing on it had to wait for a shared limit`,
      savesMs: part("waiting for a shared limit"),
    },
    { what: html`tasks did not wait for their stage`, savesMs: part("waiting for the stage") },
    {
      what: html`tasks followed each other without a gap`,
      savesMs: part("between tasks") + part("planning and starting"),
    },
  ];
  for (const { limit, name, savesMs } of seen.heldBack) {
    if (limit === "map")
      levers.push({ what: html`${links.to(name)} had no limit of its own`, savesMs });
    if (limit === "resource")
      levers.push({
        what: html`nothing had to wait for <code>${cut(visibleName(name), 120)}</code>`,
        savesMs,
      });
  }
  const byTask = new Map<string, number>();
  for (const { task, runMs } of seen.criticalPath) {
    byTask.set(task, (byTask.get(task) ?? 0) + runMs);
  }
  const longest = Array.from(byTask)
    .sort(([, a], [, b]) => b - a)
    .slice(0, TASKS);
  for (const [task, runMs] of longest) {
    levers.push({ what: html`${links.to(task)} took half as long`, savesMs: runMs / 2 });
  }
  // Below a hundredth nobody would notice.
  return levers
    .filter(({ savesMs }) => savesMs >= seen.makespanMs / 100)
    .sort((a, b) => b.savesMs - a.savesMs);
}

function bounds(report: SerializedReport, { makespanMs, heldBack }: Insight): Markup {
  const { dependencyMs, workMs } = report.analysis.bounds;
  const { concurrency } = report.run.config;
  const bars: [string, number, string][] = [["it took", makespanMs, "#2c8571"]];
  if (workMs !== null && concurrency !== null) {
    bars.push([
      `this work on ${concurrency === 1 ? "one slot" : `${concurrency} slots`}, at least`,
      workMs,
      "#5b7fb5",
    ]);
  }
  const limits = heldBack.some(({ limit }) => limit === "map") ? ", its maps at their limits," : "";
  bars.push([
    `its longest chain${limits} on any number of slots, at least`,
    dependencyMs,
    "#9a958c",
  ]);
  const longest = Math.max(...bars.map(([, ms]) => ms));
  return html`<ul class="bounds">${bars.map(
    ([what, ms, colour]) =>
      html`<li><span>${what}</span> <b>${duration(ms)}</b><svg class="share" viewBox="0 0 1000 8" width="100%" height="8" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect width="${Math.max(4, Math.round((1000 * ms) / longest))}" height="8" fill="${colour}"/></svg></li>`,
  )}</ul>`;
}
