/**
 * Which documents are pages of a site: a generator publishes them, at addresses and with anchors of its own. Goes by what
 * is in the tree; knows no generator but by the name of its configuration.
 */
import { posix } from "node:path";
import type { Markdown } from "./analyse/markdown.ts";

const configuration =
  /(^|\/)(docusaurus\.config|\.(vitepress|vuepress)\/config|astro\.config|gatsby-config|rspress\.config|eleventy\.config|\.eleventy|nuxt\.config)\.[cm]?[jt]s$|(^|\/)(mkdocs\.ya?ml|book\.toml|_config\.ya?ml|hugo\.(toml|ya?ml|json)|antora\.ya?ml|mint\.json|_sidebar\.md|conf\.py)$/;

/** What GitHub shows at the top of a repository whatever else is done with it. */
const shownByGitHub = /^[^/]*$|(^|\/)\.github\//;

/** Folders whose documents are pages: where a configuration is, and `docs` beside that folder. `""` is the root. */
export function siteFolders(files: readonly string[]): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const file of files) {
    if (!configuration.test(file)) continue;
    const folder = folderOf(file.replace(/\/?\.(vitepress|vuepress)\//, "/"));
    folders.add(folder);
    if (folder !== "") folders.add(posix.join(folderOf(folder), "docs"));
  }
  return folders;
}

/** By where it lies, or by what only a site can make of it. */
export function isPage(path: string, { page }: Markdown, folders: ReadonlySet<string>): boolean {
  if (shownByGitHub.test(path)) return false;
  if (page) return true;
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    if (folders.has(folder)) return true;
    if (folder === "") return false;
  }
}

function folderOf(path: string): string {
  const folder = posix.dirname(path).replace(/^\/+/, "");
  return folder === "." ? "" : folder;
}
