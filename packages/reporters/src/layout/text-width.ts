/**
 * How wide a text is in a picture whose fonts nobody has asked yet: rather too wide than too narrow, by the metrics of
 * Arial and of DejaVu Sans, which stands in for it where it is missing and is wider.
 * Knows no format.
 */

/** In parts of the size of the font. What is not listed here is a letter or a digit of the usual width. */
const NARROW = /[ijlI|!.,:;'`]/;
const SLIM = /[ftr()[\]{}/\\\- ]/;
const WIDE = /[mwMW%@]/;
const CAPITAL = /[A-Z&#+=<>~_?$]/;
const NONE = /\p{Mark}/u;
const PICTURE = /\p{Extended_Pictographic}/u;

export function textWidth(text: string, size: number): number {
  let ems = 0;
  for (const character of text) ems += widthOf(character);
  return ems * size;
}

/** As much of it as fits, the last sign an ellipsis; empty when that would be all. */
export function cutToWidth(text: string, size: number, room: number): string {
  if (textWidth(text, size) <= room) return text;
  let ems = room / size - widthOf("…");
  let end = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    for (const character of segment) ems -= widthOf(character);
    if (ems < 0) break;
    end = index + segment.length;
  }
  return end === 0 ? "" : `${text.slice(0, end)}…`;
}

/** Broken between words into at most so many lines, the last of them cut. */
export function wrapToWidth(text: string, size: number, room: number, most: number): string[] {
  const lines: string[] = [];
  let line = "";
  const words = text.split(" ");
  for (const [at, word] of words.entries()) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || textWidth(longer, size) <= room) line = longer;
    else if (lines.length < most - 1) {
      lines.push(line);
      line = word;
    } else {
      line = `${line} ${words.slice(at).join(" ")}`;
      break;
    }
  }
  return [...lines, line].map((one) => cutToWidth(one, size, room));
}

const graphemes = new Intl.Segmenter();

function widthOf(character: string): number {
  if (character <= "\u007f") {
    if (NARROW.test(character)) return 0.34;
    if (SLIM.test(character)) return 0.42;
    if (WIDE.test(character)) return 1;
    return CAPITAL.test(character) ? 0.84 : 0.64;
  }
  if (NONE.test(character)) return 0;
  return PICTURE.test(character) ? 1.4 : 1.05;
}
