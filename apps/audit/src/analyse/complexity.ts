/**
 * How many decisions a JavaScript or TypeScript file takes: `if`, `?:`, loops, `case`, and `&&`, `||`, `??` with their
 * assignments. `else`, `default`, `catch` and `?.` are none. One more than that is McCabe's number (A Complexity Measure,
 * 1976) of the file read as one program. Judges nothing.
 */
import type { Node, SourceFile, SyntaxKind } from "typescript";
import ts from "./typescript.ts";

export interface Complexity {
  readonly decisions: number;
  /** First line of the function with the most decisions of its own, those of functions inside it not counted. */
  readonly line: number;
  readonly decisionsThere: number;
}

export function complexityOf(source: SourceFile, lineAt: (offset: number) => number): Complexity {
  const functions: Function[] = [{ start: 0, decisions: 0 }];
  // Not by recursion: a sum of some thousand terms is as many levels deep.
  const waiting: [node: Node, around: Function][] = [[source, functions[0] as Function]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, around] = next;
    if (isDecision(node)) around.decisions++;
    let inside = around;
    if (ts.isFunctionLike(node)) {
      inside = { start: node.getStart(source), decisions: 0 };
      functions.push(inside);
    }
    ts.forEachChild(node, (child) => void waiting.push([child, inside]));
  }
  functions.sort((a, b) => b.decisions - a.decisions || a.start - b.start);
  const decisions = functions.reduce((sum, each) => sum + each.decisions, 0);
  const [most] = functions as [Function, ...Function[]];
  return { decisions, line: lineAt(most.start), decisionsThere: most.decisions };
}

/** Or the code outside every function. */
interface Function {
  readonly start: number;
  decisions: number;
}

const deciding: ReadonlySet<SyntaxKind> = new Set([
  ts.SyntaxKind.IfStatement,
  ts.SyntaxKind.ConditionalExpression,
  ts.SyntaxKind.ForStatement,
  ts.SyntaxKind.ForInStatement,
  ts.SyntaxKind.ForOfStatement,
  ts.SyntaxKind.WhileStatement,
  ts.SyntaxKind.DoStatement,
  ts.SyntaxKind.CaseClause,
]);

const shortCircuits: ReadonlySet<SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);

function isDecision(node: Node): boolean {
  if (deciding.has(node.kind)) return true;
  return ts.isBinaryExpression(node) && shortCircuits.has(node.operatorToken.kind);
}
