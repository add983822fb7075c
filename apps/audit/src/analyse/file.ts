/**
 * Everything the audit takes from one text file, in one pass over it. A pure function of the file alone; what goes in
 * and what comes out can be sent to another thread.
 */
import { type CodeLines, codeLinesOf } from "./code-lines.ts";
import { type Import, importsOf, isModule } from "./imports.ts";
import { isMarkdown, type Markdown, markdownOf } from "./markdown.ts";

export interface FileAnalysis {
  readonly path: string;
  /** Source files only: what is compared with other files. */
  readonly code?: CodeLines;
  /** JavaScript and TypeScript only: what it loads when it is loaded. */
  readonly loads?: readonly Import[];
  readonly markdown?: Markdown;
  /** Set when a part of the analysis had to be left out, with the reason. */
  readonly leftOut?: string;
}

/** Never throws because of what is in the file. */
export function analyseFile(path: string, text: string): FileAnalysis {
  try {
    if (isMarkdown(path)) return { path, markdown: markdownOf(text) };
    if (!isModule(path)) return { path, ...codeOf(path, text, []) };
    const { loads, statements, syntaxError } = importsOf(path, text);
    const code = codeOf(path, text, statements);
    if (syntaxError === undefined) return { path, loads, ...code };
    return { path, ...code, leftOut: `its imports were not read: ${syntaxError}` };
  } catch (error) {
    // Parsers recurse; a file nested some thousand levels deep is a test of theirs, not code.
    if (!(error instanceof RangeError)) throw error;
    return { path, leftOut: "it is nested too deeply to be parsed" };
  }
}

function codeOf(...file: Parameters<typeof codeLinesOf>): { code?: CodeLines } {
  const code = codeLinesOf(...file);
  return code === undefined ? {} : { code };
}
