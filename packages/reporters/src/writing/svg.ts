/**
 * The timeline as a static SVG picture (w3.org/TR/SVG11) for documents and pull requests: a row for each task at the top, what
 * is inside of maps and flows folded into its row, or a row for each slot where there are more tasks. Failed attempts and the critical
 * path are marked by shape as well as by colour.
 */
import { amount, checkOptions, oneOf, type Rules } from "astrum-options";
import { insight } from "../asking/insight.ts";
import { picture } from "../layout/picture.ts";
import { duration } from "../wording/duration.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { countsText } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { visible } from "../wording/visible.ts";
import { xmlText } from "../wording/xml.ts";
import { COLOURS, namesWidth, pictureXml, type Theme, textXml } from "./svg-parts.ts";

export interface SvgOptions {
  /** Pixels. Default 1200. */
  readonly width?: number | undefined;
  /** Default `light`. A page shows the one that fits with `<picture>` and `prefers-color-scheme`. */
  readonly theme?: Theme | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<SvgOptions> = {
  width: amount("a number of pixels"),
  theme: oneOf("light", "dark"),
  redact: redactRule,
};

const FONT = 11;
const TOP = 64;
const ROW = 20;
const ROWS_SHOWN = 64;
const EDGE = 16;
/** The names take at most this part of the picture. */
const NAMES = 0.25;

/** The timeline of a run as a picture for documents: a row for each task at the top, or for each slot. */
export function renderSvg(report: AnyReport, options: SvgOptions = {}): string {
  checkOptions("renderSvg", options, RULES);
  const shown = redacted(report, options.redact);
  const width = Math.max(320, Math.round(options.width ?? 1200));
  const colours = COLOURS[options.theme ?? "light"];
  const drawn = picture(shown, { rows: ROWS_SHOWN, width: width * (1 - NAMES) });
  const names = namesWidth(drawn.rows, FONT, width * NAMES);
  const left = EDGE + names + 8;
  const height = TOP + drawn.rows.length * ROW + 32;
  const title = `${visible(shown.run.flow ?? shown.run.id)}: ${shown.executionState} after ${duration(shown.totalDurationMs)}`;
  const more =
    drawn.left > 0 ? ` First ${drawn.rows.length} of ${drawn.rows.length + drawn.left} slots.` : "";
  const room = width - 2 * EDGE;
  const area = { left, top: TOP, width: width - left - 2 * EDGE, row: ROW, font: FONT, names };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="${FONT}">`,
    `<title>${xmlText(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="${colours.ground}"/>`,
    textXml(title, EDGE, 22, { size: 15, fill: colours.ink, bold: true }, room),
    textXml(
      `${countsText(shown)}.${more} ${insight(shown).verdict}`,
      EDGE,
      42,
      { size: FONT, fill: colours.soft },
      room,
    ),
    ...pictureXml(drawn, area, colours),
    "</svg>",
    "",
  ].join("\n");
}
