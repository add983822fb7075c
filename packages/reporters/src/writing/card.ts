/**
 * A run as a picture of 1200 by 630 pixels, as chats and social networks show links: how it ended, one sentence why, and its
 * bars. An SVG like `renderSvg`'s; the page of the HTML report makes a PNG of it.
 */
import type { SerializedReport } from "@astrum/core";
import { checkOptions, oneOf, type Rules } from "astrum-options";
import { type Insight, insight } from "../asking/insight.ts";
import { possibleText } from "../asking/lever-text.ts";
import { picture } from "../layout/picture.ts";
import { textWidth, wrapToWidth } from "../layout/text-width.ts";
import { duration } from "../wording/duration.ts";
import { endedBy } from "../wording/ending.ts";
import { errorTitle } from "../wording/error-text.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { labelOf } from "../wording/label.ts";
import { countsText, errorOf, failuresOf, reasonText, stateSign } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { cut, visible, visibleMessage, visibleName } from "../wording/visible.ts";
import { xmlText } from "../wording/xml.ts";
import { COLOURS, type Colours, namesWidth, pictureXml, type Theme, textXml } from "./svg-parts.ts";

export interface CardOptions {
  /** Default `light`. */
  readonly theme?: Theme | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<CardOptions> = { theme: oneOf("light", "dark"), redact: redactRule };

const WIDTH = 1200;
const HEIGHT = 630;
const EDGE = 56;
const ROOM = WIDTH - 2 * EDGE;
const SENTENCE = { top: 176, size: 24, lines: 2, step: 34 };
const FOOTER = 18;
const GANTT = { top: 262, height: 270, rows: 12, row: 34, font: 15, names: 280, bars: 250 };

/** Its texts are cut to the picture, never squeezed. */
export function renderCard(report: AnyReport, options: CardOptions = {}): string {
  checkOptions("renderCard", options, RULES);
  const shown = redacted(report, options.redact);
  const colours = COLOURS[options.theme ?? "light"];
  const seen = insight(shown);
  const title = visibleName(cut(shown.run.flow ?? shown.run.id, 256));
  const state = `${shown.executionState} after ${duration(shown.totalDurationMs)}`;
  const sentence = wrapToWidth(sentenceOf(shown, seen), SENTENCE.size, ROOM, SENTENCE.lines);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="Helvetica, Arial, sans-serif">`,
    `<title>${xmlText(`${title}: ${state}`)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="${colours.ground}"/>`,
    `<rect width="16" height="${HEIGHT}" fill="${stateColour(shown, colours)}"/>`,
    textXml(title, EDGE, 80, { size: 44, fill: colours.ink, bold: true }, ROOM),
    textXml(
      `${stateSign(shown.executionState)} ${state}`,
      EDGE,
      126,
      { size: 30, fill: stateColour(shown, colours), bold: true },
      ROOM,
    ),
    ...sentence.map((line, at) =>
      textXml(
        line,
        EDGE,
        SENTENCE.top + at * SENTENCE.step,
        { size: SENTENCE.size, fill: colours.ink },
        ROOM,
      ),
    ),
    ...gantt(shown, colours),
    ...footer(shown, seen, colours),
    "</svg>",
    "",
  ].join("\n");
}

function stateColour({ executionState }: SerializedReport, { bar }: Colours): string {
  if (executionState === "completed") return bar.completed;
  return executionState === "failed" ? bar.failed : bar.other;
}

/** What broke, who ended it, or what bound it. */
function sentenceOf(report: SerializedReport, { verdict }: Insight): string {
  const [issue] = report.planIssues ?? [];
  if (issue !== undefined) return `The plan is wrong: ${visibleMessage(issue.message)}`;
  const failures = failuresOf(report);
  const [first] = failures;
  if (report.executionState !== "completed" && first !== undefined) {
    const error = errorOf(first);
    const why = error === undefined ? reasonText(first) : errorTitle(error);
    const more = failures.length > 1 ? ` (and ${failures.length - 1} more failed)` : "";
    return `${visibleName(labelOf(first))}${more}: ${visibleMessage(why)}`;
  }
  if (report.executionState === "interrupted") {
    return "The record ends before the run did: the process was killed, or was still running.";
  }
  const by = visibleMessage(endedBy(report));
  if (by === "") return verdict;
  return report.executionState === "cancelled" ? `Cancelled: ${by}` : `Ended by ${by}`;
}

function gantt(report: SerializedReport, colours: Colours): string[] {
  const { top, height, font } = GANTT;
  const shown = picture(report, {
    rows: GANTT.rows,
    width: ROOM - GANTT.names,
    bars: GANTT.bars,
  });
  if (shown.bars.length === 0) return [];
  const names = namesWidth(shown.rows, font, GANTT.names);
  const left = EDGE + names + 8;
  const row = Math.min(GANTT.row, height / shown.rows.length);
  // The last tick reaches beyond the end of its line.
  const width = WIDTH - EDGE - 24 - left;
  return pictureXml(shown, { left, top, width, row, font, names, tips: false }, colours);
}

function footer(report: SerializedReport, seen: Insight, { soft, ink }: Colours): string[] {
  const labels = new Map(seen.criticalPath.map(({ task, label }) => [task, label]));
  const possible = possibleText(seen.advice, (task) => labels.get(task) ?? task);
  const [day = ""] = visible(report.run.startedAt).split("T");
  const left = `${countsText(report)}${day === "" ? "" : ` · ${day}`}`;
  const y = HEIGHT - 28;
  const room = Math.min(ROOM / 2, textWidth(possible, FOOTER * 1.1));
  return [
    textXml(left, EDGE, y, { size: FOOTER, fill: soft }, ROOM - room - 24),
    textXml(
      possible,
      WIDTH - EDGE,
      y,
      { size: FOOTER, fill: ink, bold: true, anchor: "end" },
      ROOM / 2,
    ),
  ];
}
