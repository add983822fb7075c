/**
 * Everything the audit takes from one file, in one pass over it. A function of the file alone; what comes out can be sent
 * to another thread and stored as JSON, and holds no line of it.
 */
import { isJudged } from "../links.ts";
import { readForAudit } from "../read.ts";
import { type CodeLines, codeLinesOf } from "./code-lines.ts";
import { type Complexity, complexityOf } from "./complexity.ts";
import { type Import, importsOf, isModule, parsed } from "./imports.ts";
import { lineIndex } from "./lines.ts";
import { isMarkdown, type Markdown, markdownOf } from "./markdown.ts";

export interface FileAnalysis {
  readonly path: string;
  /** Why there is nothing else here. */
  readonly unread?: "binary" | "skipped";
  /** Set when the file, or a part of the analysis, had to be left out, with the reason. */
  readonly leftOut?: string;
  /** Source files only: what is compared with other files. */
  readonly code?: CodeLines;
  /** JavaScript and TypeScript only: whether it says that a program wrote it. */
  readonly generated?: true;
  /** JavaScript and TypeScript only: what it loads when it is loaded, and how many decisions it takes. */
  readonly loads?: readonly Import[];
  readonly complexity?: Complexity;
  readonly markdown?: Markdown;
}

/** Never throws because of what is in the file. On the last try, trouble that passes is a skip as well. */
export function analyseFile(root: string, path: string, lastTry: boolean): FileAnalysis {
  const file = readForAudit(root, path, lastTry);
  if (file.kind === "binary") return { path, unread: "binary" };
  if (file.kind === "skipped") return { path, unread: "skipped", leftOut: file.reason };
  return analyseText(path, file.text);
}

export function analyseText(path: string, text: string): FileAnalysis {
  try {
    return { path, ...partsOf(path, text) };
  } catch (error) {
    // Parsers recurse; a file nested some thousand levels deep is a test of theirs, not code.
    if (!(error instanceof RangeError)) throw error;
    return { path, leftOut: "it is nested too deeply to be parsed" };
  }
}

function partsOf(path: string, text: string): Omit<FileAnalysis, "path"> {
  if (isMarkdown(path)) {
    const markdown = markdownOf(text, path);
    // What is stored is what is needed.
    return {
      markdown: { ...markdown, links: markdown.links.filter(({ target }) => isJudged(target)) },
    };
  }
  if (!isModule(path)) return codeOf(path, text);
  const lineAt = lineIndex(text);
  const { source, syntaxError } = parsed(path, text, lineAt);
  if (syntaxError !== undefined) {
    return { ...codeOf(path, text), leftOut: `its imports were not read: ${syntaxError}` };
  }
  const { loads, statements } = importsOf(source, lineAt);
  const { code } = codeOf(path, text, statements);
  // Every other module is in a language that is compared.
  const kind = code === undefined ? { generated: true as const } : { code };
  return { loads, complexity: complexityOf(source, lineAt), ...kind };
}

function codeOf(...file: Parameters<typeof codeLinesOf>): { code?: CodeLines } {
  const code = codeLinesOf(...file);
  return code === undefined ? {} : { code };
}
