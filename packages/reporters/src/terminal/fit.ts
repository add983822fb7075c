/** Lines cut to the columns they have, by what a terminal shows and not by characters. Knows no colours. */
import stringWidth from "string-width";
import { type Line, type Piece, pieceText } from "../wording/styled.ts";

const graphemes = new Intl.Segmenter();
/** ASCII and the signs that a block is drawn with: one column each. */
const ONE_COLUMN_EACH = /^[ -~█░·…≥]*$/;

/** The line itself when it fits; otherwise as much of it as fits, the last sign an ellipsis. */
export function fitLine(line: Line, columns: number): Line {
  if (lineWidth(line) <= columns) return line;
  const pieces: Piece[] = [];
  let left = columns - 1;
  for (const piece of line) {
    const text = pieceText(piece);
    const fitting = fitFrom(text, left);
    if (fitting !== "") pieces.push(typeof piece === "string" ? fitting : [piece[0], fitting]);
    if (fitting !== text) break;
    left -= width(text);
  }
  if (columns > 0) pieces.push("…");
  return pieces;
}

function lineWidth(line: Line): number {
  return line.reduce((sum, piece) => sum + width(pieceText(piece)), 0);
}

/** The longest beginning that fits. */
function fitFrom(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let end = 0;
  let left = columns;
  for (const { segment, index } of graphemes.segment(text)) {
    left -= width(segment);
    if (left < 0) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}

/** A block is measured four times a second: without the short way that is a third of the time a drawing takes. */
function width(text: string): number {
  return ONE_COLUMN_EACH.test(text) ? text.length : stringWidth(text);
}
