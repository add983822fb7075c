/** Rows of bars, an axis and text as SVG, for the two pictures. No script, no style sheet, no reference to anything outside. */
import { hundredth, tenth } from "../layout/coordinates.ts";
import type { Look, Picture, PictureBar } from "../layout/picture.ts";
import { cutToWidth, textWidth } from "../layout/text-width.ts";
import { duration } from "../wording/duration.ts";
import { instantText, roundStep } from "../wording/time-axis.ts";
import { xmlAttribute, xmlText } from "../wording/xml.ts";

export type Theme = "light" | "dark";

export interface Colours {
  readonly ground: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly bar: Readonly<Record<Exclude<Look, "path">, string>>;
  /** On a bar. */
  readonly onBar: string;
  readonly path: string;
}

export const COLOURS: Readonly<Record<Theme, Colours>> = {
  light: {
    ground: "#ffffff",
    ink: "#1b2328",
    soft: "#4a5860",
    line: "#dfe4e7",
    bar: { completed: "#3f8a59", failed: "#c4352b", other: "#9a5f14" },
    onBar: "#ffffff",
    path: "#1b2328",
  },
  dark: {
    ground: "#14181b",
    ink: "#e8edf0",
    soft: "#a3b1b9",
    line: "#2b343a",
    bar: { completed: "#6fbf8b", failed: "#f07d72", other: "#dca650" },
    onBar: "#101416",
    path: "#ffffff",
  },
};

export interface TextLook {
  readonly size: number;
  readonly fill: string;
  readonly bold?: boolean | undefined;
  readonly anchor?: "middle" | "end" | undefined;
}

/** Cut where there is no room, never squeezed. */
export function textXml(text: string, x: number, y: number, look: TextLook, room: number): string {
  // Bold letters are a tenth wider.
  const size = look.bold === true ? look.size * 1.1 : look.size;
  const shown = cutToWidth(text, size, room);
  if (shown === "") return "";
  const anchor = look.anchor === undefined ? "" : ` text-anchor="${look.anchor}"`;
  const weight = look.bold === true ? ' font-weight="bold"' : "";
  return `<text x="${hundredth(x)}" y="${hundredth(y)}" font-size="${look.size}"${weight}${anchor} fill="${look.fill}">${xmlText(shown)}</text>`;
}

export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  /** Of a row. */
  readonly row: number;
  readonly font: number;
  /** For what stands before a row. */
  readonly names: number;
  /** What each bar is, for who points at it. Not of a picture that becomes pixels. Default `true`. */
  readonly tips?: boolean | undefined;
}

/** The rows with what stands before them, and the axis below. */
export function pictureXml(shown: Picture, area: Area, colours: Colours): string[] {
  const { left, top, row, font } = area;
  const scale = area.width / Math.max(1, shown.endUs);
  return [
    ...axis(shown, area, scale, colours),
    ...shown.rows.map((name, at) =>
      textXml(
        name,
        left - 8,
        top + at * row + row / 2 + font / 3,
        { size: font, fill: colours.soft, anchor: "end" },
        area.names,
      ),
    ),
    ...(area.tips === false
      ? plainBars(shown, area, scale, colours)
      : shown.bars.map((bar) => barXml(bar, area, scale, colours, shown.by))),
  ];
}

/** All that look the same as one shape: nobody points at one of them, and it is a fifth of the text. */
function plainBars(shown: Picture, area: Area, scale: number, colours: Colours): string[] {
  const shapes: Record<Look, string> = { completed: "", other: "", failed: "", path: "" };
  for (const bar of shown.bars) {
    const { x, y, width, tall } = placeOf(bar, area, scale);
    const [left, wide] = [tenth(x), tenth(width)];
    if (bar.look !== "path") {
      shapes[bar.look] += `M${left} ${hundredth(y)}h${wide}v${hundredth(tall)}h-${wide}z`;
    }
    if (bar.look === "path" || bar.critical) {
      shapes.path += `M${left} ${hundredth(y + tall - 3)}h${wide}v3h-${wide}z`;
    }
  }
  const drawn = (Object.keys(shapes) as Look[]).map((look) => {
    const fill = look === "path" ? colours.path : colours.bar[look];
    return shapes[look] === "" ? "" : `<path d="${shapes[look]}" fill="${fill}"/>`;
  });
  const texts = shown.bars.map((bar) => barText(bar, area, scale, colours, shown.by));
  return [...drawn, ...texts].filter((part) => part !== "");
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly tall: number;
}

function placeOf(bar: PictureBar, { left, top, row }: Area, scale: number): Place {
  const length = (bar.endUs - bar.startUs) * scale;
  // Neighbours that follow each other without a gap still look like two.
  const width = length > 3 ? length - 0.75 : Math.max(bar.look === "failed" ? 1.5 : 0.5, length);
  return { x: left + bar.startUs * scale, y: top + bar.row * row + 2, width, tall: row - 4 };
}

/** Where a row is a slot, and has no name of its own. */
function barText(
  bar: PictureBar,
  area: Area,
  scale: number,
  colours: Colours,
  by: Picture["by"],
): string {
  const { x, y, width, tall } = placeOf(bar, area, scale);
  if (by !== "slot" || width <= 24) return "";
  const { font } = area;
  const look = { size: font, fill: colours.onBar };
  return textXml(bar.label, x + 3, y + tall / 2 + font / 3, look, width - 6);
}

/** As wide as the longest of these, but no wider than a part of the picture. */
export function namesWidth(rows: readonly string[], font: number, most: number): number {
  const widest = rows.reduce((width, name) => Math.max(width, textWidth(name, font)), 0);
  return Math.min(most, Math.ceil(widest));
}

function barXml(
  bar: PictureBar,
  area: Area,
  scale: number,
  colours: Colours,
  by: Picture["by"],
): string {
  const { x, y, width, tall } = placeOf(bar, area, scale);
  const line = `<rect x="${hundredth(x)}" y="${hundredth(y + tall - 3)}" width="${hundredth(width)}" height="3" fill="${colours.path}"/>`;
  if (bar.look === "path") return `<g><title>Critical path</title>${line}</g>`;
  const more = bar.count > 1 && by === "slot" ? ` and ${bar.count - 1} more` : "";
  const tip = `${bar.label}${more}, ${duration((bar.endUs - bar.startUs) / 1000)}`;
  const dashes = bar.look === "completed" ? "" : ` stroke="${colours.path}" stroke-dasharray="3 2"`;
  const text = barText(bar, area, scale, colours, by);
  const rect = `<rect x="${hundredth(x)}" y="${hundredth(y)}" width="${hundredth(width)}" height="${hundredth(tall)}" fill="${colours.bar[bar.look]}"${dashes}/>`;
  return `<g aria-label="${xmlAttribute(tip)}"><title>${xmlText(tip)}</title>${rect}${bar.critical ? line : ""}${text}</g>`;
}

/** About eight ticks at round times. */
function axis(
  { endUs, rows }: Picture,
  { left, top, row, font, width }: Area,
  scale: number,
  { line, soft }: Colours,
): string[] {
  const bottom = top + rows.length * row;
  const rough = Math.max(1, endUs) / Math.max(2, Math.min(8, width / (font * 9)));
  const step = roundStep(rough);
  const lines: string[] = [];
  for (let tick = 0; tick * step <= endUs && tick <= 20; tick++) {
    const x = hundredth(left + tick * step * scale);
    lines.push(`<line x1="${x}" y1="${top}" x2="${x}" y2="${bottom}" stroke="${line}"/>`);
    lines.push(
      `<text x="${x}" y="${hundredth(bottom + font * 1.5)}" font-size="${font}" text-anchor="middle" fill="${soft}">${instantText(tick * step)}</text>`,
    );
  }
  return lines;
}
