/** The colours and fonts of the style sheet, for the canvas. Read again when light becomes dark. */

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
] as const;

export type Palette = Readonly<Record<(typeof NAMES)[number], string>> & {
  readonly text: string;
  readonly code: string;
};

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colours = NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  return {
    ...(Object.fromEntries(colours) as Record<(typeof NAMES)[number], string>),
    text: style.getPropertyValue("--text-font").trim(),
    code: style.getPropertyValue("--code-font").trim(),
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
