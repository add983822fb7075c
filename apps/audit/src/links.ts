/**
 * Which relative Markdown links lead nowhere, judged as GitHub would follow them. Pure: what exists is told.
 *
 * Not judged, because the repository alone cannot tell: URLs with a scheme or host, paths from `/` (a site decides
 * where its root is), paths that leave the audited folder, targets with template placeholders, and anchors in anything
 * but Markdown.
 */
import { posix } from "node:path";
import type { Markdown } from "./analyse/markdown.ts";
import type { LinkFinding } from "./finding.ts";

export interface MarkdownFile {
  readonly path: string;
  readonly markdown: Markdown;
}

/** A link taken apart. `path` is relative to the root, `""` the root itself. */
interface Target {
  readonly path: string;
  readonly anchor: string;
}

/** The paths that links name and that are not among `known`: whether they exist is for the caller to look up. */
export function unknownTargets(
  documents: readonly MarkdownFile[],
  known: ReadonlySet<string>,
): string[] {
  const unknown = new Set<string>();
  for (const { path: from, markdown } of documents) {
    for (const { target } of markdown.links) {
      const path = parseTarget(from, target)?.path;
      if (path !== undefined && !known.has(path)) unknown.add(path);
    }
  }
  return [...unknown].sort();
}

/** `known` holds every file and folder that exists; sorted documents give sorted findings. */
export function brokenLinks(
  documents: readonly MarkdownFile[],
  known: ReadonlySet<string>,
): LinkFinding[] {
  const byPath = new Map(documents.map((document) => [document.path, document] as const));
  const byFoldedPath = new Map([...known].map((path) => [path.toLowerCase(), path] as const));
  const findings: LinkFinding[] = [];
  for (const { path: from, markdown } of documents) {
    for (const { target: written, line } of markdown.links) {
      const target = parseTarget(from, written);
      if (target === undefined) continue;
      const message = known.has(target.path)
        ? brokenAnchor(from, target)
        : missing(target.path, byFoldedPath, known);
      if (message !== undefined) {
        findings.push({ kind: "links", path: from, line, message, target: written });
      }
    }
  }
  return findings;

  function brokenAnchor(from: string, { path, anchor }: Target): string | undefined {
    // GitHub shows a folder's README under its listing; the page's own places are `top` and, for it, `readme`.
    const document = byPath.get(path) ?? byPath.get(posix.join(path, "README.md"));
    if (anchor === "" || document === undefined || /^top$/i.test(anchor)) return undefined;
    if (anchor === "readme" && /(^|\/)readme\.(md|markdown)$/i.test(document.path))
      return undefined;
    const { anchors } = document.markdown;
    const name = anchor.replace(/^user-content-/, "");
    if (anchors.includes(anchor) || anchors.includes(name)) return undefined;
    const close = anchors.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
    const where = document.path === from ? "this document" : document.path;
    return `no heading or anchor #${anchor} in ${where}${close === undefined ? "" : `; did you mean #${close}?`}`;
  }
}

function missing(
  path: string,
  byFoldedPath: ReadonlyMap<string, string>,
  known: ReadonlySet<string>,
): string {
  const otherCase = byFoldedPath.get(path.toLowerCase());
  if (otherCase !== undefined) return `no ${path}: its case differs, it is ${otherCase}`;
  const hint = known.has(`${path}.md`) ? `; did you mean ${path}.md?` : "";
  return `no such file or folder: ${path}${hint}`;
}

/** `undefined` when the link is not judged. */
function parseTarget(from: string, written: string): Target | undefined {
  if (/^[a-z][a-z0-9+.-]*:|^[/\\]/i.test(written) || /\{\{|\{%|<%|\$\{/.test(written))
    return undefined;
  const [, rawPath, rawAnchor] = /^([^?#]*)(?:\?[^#]*)?(?:#(.*))?$/s.exec(written.trim()) ?? [];
  const anchor = decoded(rawAnchor ?? "");
  if (rawPath === undefined || rawPath === "") return { path: from, anchor };
  const path = posix.join(posix.dirname(from), decoded(rawPath).replaceAll("\\", "/"));
  if (path === ".." || path.startsWith("../")) return undefined;
  return { path: path === "." || path === "./" ? "" : path.replace(/\/$/, ""), anchor };
}

/** A stray `%` stands for itself, as in browsers. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
