/**
 * Which relative Markdown links lead nowhere, judged as GitHub would follow them. Pure: what exists is told.
 *
 * Not judged, because the repository alone cannot tell: URLs with a scheme or host, paths from `/` (a site decides
 * where its root is), paths that leave the audited folder, targets with template placeholders, those that hold a secret,
 * and anchors in anything but Markdown.
 */
import { posix } from "node:path";
import type { Markdown } from "./analyse/markdown.ts";
import { mask } from "./analyse/mask.ts";
import type { Discovery } from "./discover.ts";
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

/** What links are held against. */
export interface LinkTargets {
  readonly known: KnownPaths;
  readonly documents: ReadonlyMap<string, Markdown>;
}

/** Every file and folder that was discovered. */
export interface KnownPaths {
  readonly paths: ReadonlySet<string>;
  readonly byFoldedPath: ReadonlyMap<string, string>;
}

export function knownPaths({ files, places }: Discovery): KnownPaths {
  const paths = [...files, ...places];
  const byFoldedPath = new Map(paths.map((path) => [path.toLowerCase(), path] as const));
  return { paths: new Set(paths), byFoldedPath };
}

/** The paths that a document's links name and that were not discovered: whether they exist is for the caller to look up. */
export function unknownTargets(
  { path: from, markdown }: MarkdownFile,
  { paths }: KnownPaths,
): string[] {
  const unknown = new Set<string>();
  for (const { target } of markdown.links) {
    const path = parseTarget(from, target)?.path;
    if (path !== undefined && !paths.has(path)) unknown.add(path);
  }
  return [...unknown].sort();
}

/** `others` are paths that exist although they were not discovered. */
export function brokenLinks(
  { path: from, markdown }: MarkdownFile,
  { known, documents }: LinkTargets,
  others: ReadonlySet<string>,
): LinkFinding[] {
  const findings: LinkFinding[] = [];
  for (const { target: written, line } of markdown.links) {
    const target = parseTarget(from, written);
    if (target === undefined) continue;
    const exists = known.paths.has(target.path) || others.has(target.path);
    const message = exists ? brokenAnchor(from, target, documents) : missing(target.path, known);
    if (message !== undefined) {
      findings.push({ kind: "links", path: from, line, message, target: written });
    }
  }
  return findings;
}

function brokenAnchor(
  from: string,
  { path, anchor }: Target,
  documents: ReadonlyMap<string, Markdown>,
): string | undefined {
  // GitHub shows a folder's README under its listing; the page's own places are `top` and, for it, `readme`.
  const readme = posix.join(path, "README.md");
  const where = documents.has(path) ? path : readme;
  const document = documents.get(where);
  if (anchor === "" || document === undefined || /^top$/i.test(anchor)) return undefined;
  if (anchor === "readme" && /(^|\/)readme\.(md|markdown)$/i.test(where)) return undefined;
  const { anchors } = document;
  const name = anchor.replace(/^user-content-/, "");
  if (anchors.includes(anchor) || anchors.includes(name)) return undefined;
  const place = where === from ? "this document" : where;
  const otherCase = anchors.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return otherCase === undefined
    ? `no heading or anchor #${anchor} in ${place}`
    : `no #${anchor} in ${place}: its case differs, it is #${otherCase}`;
}

function missing(path: string, { paths, byFoldedPath }: KnownPaths): string {
  const otherCase = byFoldedPath.get(path.toLowerCase());
  if (otherCase !== undefined) return `no ${path}: its case differs, it is ${otherCase}`;
  const hint = paths.has(`${path}.md`) ? `; did you mean ${path}.md?` : "";
  return `no such file or folder: ${path}${hint}`;
}

/** Whether the repository alone can tell, as far as the target says so. One that holds a secret is not followed. */
export function isJudged(written: string): boolean {
  const elsewhere = /^[a-z][a-z0-9+.-]*:|^[/\\]/i.test(written);
  const template = /\{\{|\{%|<%|\$\{/.test(written);
  return !elsewhere && !template && !decoded(written).includes(mask);
}

/** `undefined` when the link is not judged. */
function parseTarget(from: string, written: string): Target | undefined {
  if (!isJudged(written)) return undefined;
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
