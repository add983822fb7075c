/**
 * The timeline as a static SVG picture (w3.org/TR/SVG11) for documents and pull requests: a row per slot, failed attempts and
 * the critical path marked by shape as well as by colour. No script, no style sheet, no reference to anything outside.
 * Attempts too short to tell apart are joined to bars of many, so a picture stays small for any run; a failed one is never
 * joined to one that completed.
 */

import type { SerializedReport } from "@astrum/core";
import { amount, checkOptions, type Rules } from "astrum-options";
import { insight } from "../asking/insight.ts";
import { type TimelineBar, timeline } from "../layout/timeline.ts";
import { duration } from "../wording/duration.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { labelOf } from "../wording/label.ts";
import { countsText, STATUS_SIGN } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { cut, visible, visibleName } from "../wording/visible.ts";
import { xmlAttribute, xmlText } from "../wording/xml.ts";

export interface SvgOptions {
  /** Pixels. Default 1200. */
  readonly width?: number | undefined;
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<SvgOptions> = { width: amount("a number of pixels"), redact: redactRule };

const LEFT = 64;
const TOP = 64;
const ROW = 20;
const ROWS_SHOWN = 64;
/** Aimed at; what failed in between can make it some more. */
const BARS_SHOWN = 2000;
/** In pixels: with longer ones nothing would be left to see. */
const LONGEST_JOINED = 16;

export function renderSvg(report: AnyReport, options: SvgOptions = {}): string {
  checkOptions("renderSvg", options, RULES);
  const shown = redacted(report, options.redact);
  const width = Math.max(320, Math.round(options.width ?? 1200));
  const { bars, laneCount, endUs } = timeline(shown);
  const rows = Math.min(laneCount, ROWS_SHOWN);
  const height = TOP + rows * ROW + 32;
  const scale = (width - LEFT - 16) / Math.max(1, endUs);
  const title = `${visible(shown.run.flow ?? shown.run.id)}: ${shown.executionState} after ${duration(shown.totalDurationMs)}`;
  const subtitle =
    laneCount > rows
      ? `${countsText(shown)}. First ${rows} of ${laneCount} slots.`
      : `${countsText(shown)}.`;
  const drawn = drawnBars(
    bars.filter(({ lane }) => lane < rows),
    critical(shown),
    scale,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="11">`,
    `<title>${xmlText(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="16" y="22" font-size="15" font-weight="bold" fill="#1b2328">${xmlText(cut(title, 140))}</text>`,
    `<text x="16" y="40" fill="#4a5860">${xmlText(cut(subtitle, 180))} ${xmlText(cut(insight(shown).verdict, 180))}</text>`,
    ...axis(endUs, scale, TOP, TOP + rows * ROW),
    ...Array.from(
      { length: rows },
      (_, lane) =>
        `<text x="${LEFT - 8}" y="${TOP + lane * ROW + 14}" text-anchor="end" fill="#4a5860">slot ${lane}</text>`,
    ),
    ...drawn.map((bar) => barXml(bar, scale)),
    "</svg>",
    "",
  ].join("\n");
}

interface DrawnBar {
  readonly lane: number;
  readonly startUs: number;
  endUs: number;
  count: number;
  readonly label: string;
  readonly look: Look;
  readonly critical: boolean;
}

type Look = "completed" | "failed" | "other";

const FILL: Readonly<Record<Look, string>> = {
  completed: "#4f9d69",
  failed: "#c4352b",
  other: "#a5671a",
};

function critical(report: SerializedReport): Set<string> {
  return new Set(report.analysis.criticalPath.map(({ task, attempt }) => `${attempt} ${task}`));
}

/** Neighbours that are too short to tell apart are joined; while there are too many bars, ever longer ones are. */
function drawnBars(
  bars: readonly TimelineBar[],
  path: ReadonlySet<string>,
  scale: number,
): DrawnBar[] {
  let drawn = joined(bars, path, scale, 0.5);
  for (let most = 1; drawn.length > BARS_SHOWN && most <= LONGEST_JOINED; most *= 2) {
    drawn = joined(bars, path, scale, most);
  }
  return drawn;
}

/** Neighbours on a lane that look the same become one bar, `most` pixels long at most. */
function joined(
  bars: readonly TimelineBar[],
  path: ReadonlySet<string>,
  scale: number,
  most: number,
): DrawnBar[] {
  const drawn: DrawnBar[] = [];
  const open = new Map<number, DrawnBar>();
  for (const { task, attempt, lane, startUs, endUs } of bars) {
    const look: Look =
      attempt.status === "completed"
        ? "completed"
        : attempt.status === "failed"
          ? "failed"
          : "other";
    const onPath = path.has(`${attempt.attemptNumber} ${task.taskName}`);
    const last = open.get(lane);
    const near = last !== undefined && (startUs - last.endUs) * scale < 1;
    const short = last !== undefined && (endUs - last.startUs) * scale < most;
    if (last !== undefined && near && short && last.look === look && last.critical === onPath) {
      last.endUs = Math.max(last.endUs, endUs);
      last.count++;
      continue;
    }
    const number = task.attemptCount > 1 ? ` attempt ${attempt.attemptNumber}` : "";
    const label = `${visibleName(labelOf(task))}${number} ${attempt.status === "completed" ? STATUS_SIGN.completed : attempt.status}`;
    const bar: DrawnBar = { lane, startUs, endUs, count: 1, label, look, critical: onPath };
    drawn.push(bar);
    open.set(lane, bar);
  }
  return drawn;
}

function barXml(bar: DrawnBar, scale: number): string {
  const x = LEFT + bar.startUs * scale;
  const length = (bar.endUs - bar.startUs) * scale;
  // Neighbours that follow each other without a gap still look like two.
  const width = length > 3 ? length - 0.75 : Math.max(0.5, length);
  const y = TOP + bar.lane * ROW + 2;
  const tall = ROW - 4;
  const more = bar.count > 1 ? ` and ${bar.count - 1} more` : "";
  const tip = `${bar.label}${more}, ${duration((bar.endUs - bar.startUs) / 1000)}`;
  const dashes = bar.look === "completed" ? "" : ' stroke="#1b2328" stroke-dasharray="3 2"';
  const line = bar.critical
    ? `<rect x="${fixed(x)}" y="${y + tall - 3}" width="${fixed(width)}" height="3" fill="#1b2328"/>`
    : "";
  const room = Math.floor((width - 6) / 6);
  const text =
    room >= 4
      ? `<text x="${fixed(x + 3)}" y="${y + 12}" fill="#ffffff" textLength="${fixed(Math.min(width - 6, 6 * Array.from(cut(bar.label, room)).length))}" lengthAdjust="spacingAndGlyphs">${xmlText(cut(bar.label, room))}</text>`
      : "";
  return `<g aria-label="${xmlAttribute(tip)}"><title>${xmlText(tip)}</title><rect x="${fixed(x)}" y="${y}" width="${fixed(width)}" height="${tall}" fill="${FILL[bar.look]}"${dashes}/>${line}${text}</g>`;
}

/** About eight ticks at round times. */
function axis(endUs: number, scale: number, top: number, bottom: number): string[] {
  const rough = Math.max(1, endUs) / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const lines: string[] = [];
  for (let tick = 0; tick * step <= endUs && tick <= 20; tick++) {
    const x = fixed(LEFT + tick * step * scale);
    lines.push(`<line x1="${x}" y1="${top}" x2="${x}" y2="${bottom}" stroke="#dfe4e7"/>`);
    lines.push(
      `<text x="${x}" y="${bottom + 16}" text-anchor="middle" fill="#4a5860">${duration((tick * step) / 1000)}</text>`,
    );
  }
  return lines;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
