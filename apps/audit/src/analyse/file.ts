/**
 * Everything the audit takes from one text file, in one pass over it. A function of the file alone; what goes in and what
 * comes out can be sent to another thread, and what comes out can be stored as JSON.
 */

import { isJudged } from "../links.ts";
import { type CodeLines, codeLinesOf } from "./code-lines.ts";
import { type Complexity, complexityOf } from "./complexity.ts";
import { type Import, importsOf, isModule, parsed } from "./imports.ts";
import { lineIndex } from "./lines.ts";
import { isMarkdown, type Markdown, markdownOf } from "./markdown.ts";
import { type Secret, secretsOf } from "./secrets.ts";

export interface FileAnalysis {
  readonly path: string;
  readonly secrets: readonly Secret[];
  /** Source files only: what is compared with other files. */
  readonly code?: CodeLines;
  /** JavaScript and TypeScript only: what it loads when it is loaded, and how many decisions it takes. */
  readonly loads?: readonly Import[];
  readonly complexity?: Complexity;
  readonly markdown?: Markdown;
  /** Set when a part of the analysis had to be left out, with the reason. */
  readonly leftOut?: string;
}

/** Never rejects because of what is in the file. */
export async function analyseFile(path: string, text: string): Promise<FileAnalysis> {
  const { secrets, masked } = await secretsOf(path, text);
  try {
    return { path, secrets, ...partsOf(path, masked) };
  } catch (error) {
    // Parsers recurse; a file nested some thousand levels deep is a test of theirs, not code.
    if (!(error instanceof RangeError)) throw error;
    return { path, secrets, leftOut: "it is nested too deeply to be parsed" };
  }
}

function partsOf(path: string, text: string): Omit<FileAnalysis, "path" | "secrets"> {
  if (isMarkdown(path)) {
    const { links, anchors } = markdownOf(text);
    // What is stored is what is needed: a URL with a password in it is not.
    return { markdown: { links: links.filter(({ target }) => isJudged(target)), anchors } };
  }
  if (!isModule(path)) return codeOf(path, text);
  const lineAt = lineIndex(text);
  const { source, syntaxError } = parsed(path, text, lineAt);
  if (syntaxError !== undefined) {
    return { ...codeOf(path, text), leftOut: `its imports were not read: ${syntaxError}` };
  }
  const { loads, statements } = importsOf(source, lineAt);
  return { loads, complexity: complexityOf(source, lineAt), ...codeOf(path, text, statements) };
}

function codeOf(...file: Parameters<typeof codeLinesOf>): { code?: CodeLines } {
  const code = codeLinesOf(...file);
  return code === undefined ? {} : { code };
}
