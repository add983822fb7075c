/** Lines as editors count them: from 1, ended by LF, CR LF or a lone CR. Knows nothing of what is on them. */

const lineEnd = /\r\n|\n|\r/g;

export function splitLines(text: string): string[] {
  return text.split(lineEnd);
}

/** From an offset in the text to its line. */
export function lineIndex(text: string): (offset: number) => number {
  const starts = [0];
  for (const end of text.matchAll(lineEnd)) starts.push(end.index + end[0].length);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
