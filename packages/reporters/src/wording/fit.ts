/** Lines cut to the columns they have, by what a terminal shows and not by characters. Knows no colours. */
import stringWidth from "string-width";
import { type Line, type Piece, pieceText } from "./styled.ts";

const graphemes = new Intl.Segmenter();
/** ASCII and the signs that a block is drawn with: one column each. */
const ONE_COLUMN_EACH = /^[ -~█▒░·…≥]*$/;

/** The line itself when it fits; otherwise as much of it as fits, the last sign an ellipsis. */
export function fitLine(line: Line, columns: number): Line {
  if (fits(line, columns)) return line;
  const pieces: Piece[] = [];
  let left = columns - 1;
  for (const piece of line) {
    const text = pieceText(piece);
    const { end, width } = beginning(text, left);
    const fitting = text.slice(0, end);
    if (fitting !== "") pieces.push(typeof piece === "string" ? fitting : [piece[0], fitting]);
    if (end < text.length) break;
    left -= width;
  }
  if (columns > 0) pieces.push("…");
  return pieces;
}

function fits(line: Line, columns: number): boolean {
  let left = columns;
  for (const piece of line) {
    const text = pieceText(piece);
    const { end, width } = beginning(text, left);
    if (end < text.length) return false;
    left -= width;
  }
  return true;
}

/** The longest beginning that fits: where it ends, and its columns. Looks no further, however long the text is. */
function beginning(text: string, columns: number): { end: number; width: number } {
  // A block is measured four times a second: without the short way that is a third of the time a drawing takes.
  if (text.length <= columns && ONE_COLUMN_EACH.test(text)) {
    return { end: text.length, width: text.length };
  }
  let end = 0;
  let width = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    const own = stringWidth(segment);
    if (width + own > columns) break;
    width += own;
    end = index + segment.length;
  }
  return { end, width };
}
