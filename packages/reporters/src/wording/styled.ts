/**
 * A line of text in pieces that say what they mean, not what colour they have: plain text joins them, a terminal paints
 * them. Knows no colours and no widths.
 */

/** What a piece of text is: each reader shows it in its own way, or not at all. */
export type Meaning = "title" | "name" | "faint" | "good" | "bad" | "warning";

export type Piece = string | readonly [meaning: Meaning, text: string];

export type Line = readonly Piece[];

export function pieceText(piece: Piece): string {
  return typeof piece === "string" ? piece : piece[1];
}

export function lineText(line: Line): string {
  return line.map(pieceText).join("");
}

export function indented(line: Line): Line {
  return ["  ", ...line];
}
