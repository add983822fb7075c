/** The colours and fonts of the style sheet, for the canvas. Read again when light becomes dark. */
import { HUES } from "./colours.ts";

const NAMES = [
  "ink",
  "soft",
  "line",
  "ground",
  "stripe",
  "accent",
  "run",
  "run-ink",
  "run-strong",
  "run-strong-ink",
  "fail",
  "fail-ink",
  "fail-stripe",
  "other",
  "other-ink",
  "delay",
  "path",
  "wait",
  "queue",
] as const;

export type Palette = Readonly<Record<(typeof NAMES)[number], string>> & {
  readonly text: string;
  readonly code: string;
  readonly hues: readonly string[];
};

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const colours = NAMES.map((name) => [name, value(name)]);
  return {
    ...(Object.fromEntries(colours) as Record<(typeof NAMES)[number], string>),
    text: value("text-font"),
    code: value("code-font"),
    hues: Array.from({ length: HUES }, (_, hue) => value(`hue-${hue}`)),
  };
}

/** Stripes that tell a failure from a success without any colour. */
export function hatch(
  context: CanvasRenderingContext2D,
  ground: string,
  stroke: string,
): CanvasPattern | string {
  const tile = document.createElement("canvas");
  tile.width = 6;
  tile.height = 6;
  const pen = tile.getContext("2d");
  if (pen === null) return ground;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, 6, 6);
  pen.strokeStyle = stroke;
  pen.lineWidth = 1.4;
  pen.beginPath();
  for (const shift of [-6, 0, 6]) {
    pen.moveTo(shift, 6);
    pen.lineTo(shift + 6, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat") ?? ground;
}
