/**
 * The lines of Python's docstrings: strings in triple quotes that stand alone, which say what code does and do nothing.
 * Goes by lines, and takes a string that is a value for the code it is.
 */

const alone = /^\s*[a-zA-Z]{0,2}("""|''')/;

/** Line numbers, from 1. */
export function docstringLines(lines: readonly string[]): number[] {
  const found: number[] = [];
  let closing: string | undefined;
  let isDocstring = false;
  for (const [index, line] of lines.entries()) {
    if (closing === undefined) {
      isDocstring = alone.test(line);
      closing = leftOpen(line);
      if (isDocstring) found.push(index + 1);
    } else {
      if (isDocstring) found.push(index + 1);
      if (line.includes(closing)) closing = undefined;
    }
  }
  return found;
}

/** The quotes of the string that a line opens and does not close. */
function leftOpen(line: string): string | undefined {
  const code = line.replace(/^([^"']*)#.*$/, "$1");
  const [quotes] = /"""|'''/.exec(code) ?? [];
  return quotes !== undefined && code.split(quotes).length % 2 === 0 ? quotes : undefined;
}
