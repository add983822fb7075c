/**
 * Which relative Markdown links lead nowhere, judged as GitHub would follow them, and on pages of a documentation site as
 * a site would. Pure: what exists is told.
 *
 * Not judged, because the repository alone cannot tell: URLs with a scheme or host, paths from `/` (a site decides
 * where its root is), paths that leave the audited folder, targets with template placeholders, what git ignores (a build
 * makes it) or is behind a symbolic link, and anchors in anything but Markdown.
 */
import { posix } from "node:path";
import type { Markdown } from "./analyse/markdown.ts";
import { type Apart, apartOf } from "./apart.ts";
import { type Discovery, neverEntered } from "./discover.ts";
import type { LinkFinding } from "./finding.ts";
import { IgnoreRules } from "./ignore-rules.ts";
import { isPage, siteFolders } from "./site.ts";

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

/** Every file and folder that was discovered, and what their names say. */
export interface KnownPaths {
  readonly paths: ReadonlySet<string>;
  readonly byFoldedPath: ReadonlyMap<string, string>;
  readonly siteFolders: ReadonlySet<string>;
  /** Whether the audit would not have seen what is at a path: git ignores it, or it is behind a link. */
  isUnseen(path: string): boolean;
}

export function knownPaths({ files, places, ignoreFiles, prefix, skipped }: Discovery): KnownPaths {
  const paths = [...files, ...places];
  const rules = new IgnoreRules(ignoreFiles);
  const notEntered = new Set(skipped.map(({ path }) => path));
  return {
    paths: new Set(paths),
    byFoldedPath: new Map(paths.map((path) => [path.toLowerCase(), path] as const)),
    siteFolders: siteFolders(files),
    isUnseen: (path) =>
      rules.ignoresAbsent(prefix + path) ||
      path.split("/").some((name) => neverEntered.has(name)) ||
      foldersOf(path).some((folder) => notEntered.has(folder)),
  };
}

export function brokenLinks(
  { path: from, markdown }: MarkdownFile,
  { known, documents }: LinkTargets,
): LinkFinding[] {
  const findings: LinkFinding[] = [];
  // A document among examples is there to be read.
  const kind = apartOf(from);
  const stands = kind === "example" ? undefined : kind;
  const onSite = isPage(from, markdown, known.siteFolders);
  for (const { target: written, line } of markdown.links) {
    const target = parseTarget(from, written);
    if (target === undefined) continue;
    const exists = known.paths.has(target.path);
    const fault = exists
      ? brokenAnchor(from, target, documents, onSite)
      : missing(target.path, known, onSite);
    if (fault === undefined) continue;
    const apart = stands ?? fault.apart;
    const { message } = fault;
    findings.push({
      kind: "links",
      path: from,
      line,
      message,
      ...(apart && { apart }),
      target: written,
    });
  }
  return findings;
}

function foldersOf(path: string): string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
}

interface Fault {
  readonly message: string;
  readonly apart?: Apart;
}

function brokenAnchor(
  from: string,
  { path, anchor }: Target,
  documents: ReadonlyMap<string, Markdown>,
  onSite: boolean,
): Fault | undefined {
  // GitHub shows a folder's README under its listing; the page's own places are `top` and, for it, `readme`.
  const readme = posix.join(path, "README.md");
  const where = documents.has(path) ? path : readme;
  const document = documents.get(where);
  if (anchor === "" || document === undefined || /^top$/i.test(anchor)) return undefined;
  if (anchor === "readme" && /(^|\/)readme\.(md|markdown)$/i.test(where)) return undefined;
  const { anchors } = document;
  const name = anchor.replace(/^user-content-/, "");
  if (anchors.includes(anchor) || anchors.includes(name)) return undefined;
  // Generators make anchors of headings each in its own way, of the same letters and digits.
  if (onSite && anchors.some((candidate) => bare(candidate) === bare(name))) return undefined;
  const place = where === from ? "this document" : where;
  const otherCase = anchors.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  const message =
    otherCase === undefined
      ? `no heading or anchor #${anchor} in ${place}`
      : `no #${anchor} in ${place}: its case differs, it is #${otherCase}`;
  return onSite && document.composed ? { message, apart: "site" } : { message };
}

function bare(anchor: string): string {
  return anchor
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

function missing(
  path: string,
  { paths, byFoldedPath, isUnseen }: KnownPaths,
  onSite: boolean,
): Fault | undefined {
  const otherCase = byFoldedPath.get(path.toLowerCase());
  if (otherCase !== undefined) {
    return { message: `no ${path}: its case differs, it is ${otherCase}` };
  }
  if (isUnseen(path)) return undefined;
  const document = sourcesOf(path).find((source) => paths.has(source));
  // The address of a page is its path without an extension, and there may be pages that no document stands for.
  if (onSite && document !== undefined) return undefined;
  const hint = document === undefined ? "" : `; did you mean ${document}?`;
  const message = `no such file or folder: ${path}${hint}`;
  const isRoute = onSite && /^\.?[^.]*$|\.html?$/.test(posix.basename(path));
  return isRoute ? { message, apart: "site" } : { message };
}

/** The documents that a site would publish at a path. */
function sourcesOf(path: string): string[] {
  const stem = path.replace(/\.html?$/, "");
  return ["", "/index", "/README"].flatMap((end) => [`${stem}${end}.md`, `${stem}${end}.mdx`]);
}

/** Whether the repository alone can tell, as far as the target says so. */
export function isJudged(written: string): boolean {
  const elsewhere = /^[a-z][a-z0-9+.-]*:|^[/\\]/i.test(written);
  const template = /\{\{|\{%|<%|\$\{|^\{/.test(written);
  return !elsewhere && !template;
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
