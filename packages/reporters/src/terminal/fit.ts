/** Lines cut to the columns they have, by what a terminal shows and not by characters. Knows no colours. */
import stringWidth from "string-width";
import { type Line, type Piece, pieceText } from "../styled.ts";

const graphemes = new Intl.Segmenter();

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
    left -= stringWidth(text);
  }
  if (columns > 0) pieces.push("…");
  return pieces;
}

function lineWidth(line: Line): number {
  return line.reduce((sum, piece) => sum + stringWidth(pieceText(piece)), 0);
}

/** The longest beginning that fits. */
function fitFrom(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let end = 0;
  let left = columns;
  for (const { segment, index } of graphemes.segment(text)) {
    left -= stringWidth(segment);
    if (left < 0) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}
