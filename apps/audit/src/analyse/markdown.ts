/**
 * The links of a Markdown document and the anchors that others may link to, as GitHub renders it: CommonMark, GFM
 * tables and footnotes, front matter, raw HTML. Checks nothing.
 */

import GithubSlugger from "github-slugger";
import type { Element, Root as HtmlRoot } from "hast";
import { raw } from "hast-util-raw";
import { toString as textOf } from "hast-util-to-string";
import { fromMarkdown } from "mdast-util-from-markdown";
import { frontmatterFromMarkdown } from "mdast-util-frontmatter";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { type Handlers, toHast } from "mdast-util-to-hast";
import { frontmatter } from "micromark-extension-frontmatter";
import { gfm } from "micromark-extension-gfm";
import { visit } from "unist-util-visit";
import { VFile } from "vfile";

interface Link {
  /** As written, entities and escapes resolved: `../docs/a%20b.md#top`. */
  readonly target: string;
  /** Of the link, or of the definition that a reference-style link refers to: where the target is written. */
  readonly line: number;
}

export interface Markdown {
  readonly links: readonly Link[];
  /** Without `#`: slugs of the headings, `id` and `name` attributes. */
  readonly anchors: readonly string[];
  /** Set when only a site can render it: it has what GitHub does not know, and is published with addresses of its own. */
  readonly page?: true;
  /** Set when parts of it come from elsewhere, so that it may have more anchors than are here. */
  readonly composed?: true;
}

export function isMarkdown(path: string): boolean {
  return /\.(md|mdx|markdown)$/i.test(path);
}

/** Anchors that are written down, `{#id}` for most sites, `{: #id }` for kramdown, `{/*id*\/}` in MDX. */
const writtenAnchor = /\{:?\s*#([\w:.-]+)[^{}\n]*\}|\{\/\*\s*#?([\w-]+)\s*\*\/\}/g;

/** Includes of the usual site generators, and components. None begins with blank lines: each of many would be tried as its start. */
const includes =
  /<!--\s*@include|\{%-?\s*include|\{\{[<%]|^[ \t]*(--8<--|;--8<--|!!!include|\{\{#include)|^import\s.+\sfrom\s|<[A-Z]\w*[\s/>]/m;

/** Links written in Markdown are read from the Markdown tree; what is left in the HTML tree is raw HTML. */
const withoutLinks: Handlers = {
  link: (state, node) => state.all(node),
  linkReference: (state, node) => state.all(node),
  image: () => undefined,
  imageReference: () => undefined,
  footnoteReference: () => undefined,
};

/** Attributes by which raw HTML refers to another file, by element. */
const references: Readonly<Record<string, string>> = {
  a: "href",
  img: "src",
  source: "src",
  video: "src",
};

export function markdownOf(text: string, path = ""): Markdown {
  const links: Link[] = [];
  const anchors = new Set<string>();
  for (const [, id, idInMdx] of text.matchAll(writtenAnchor)) anchors.add(id ?? idInMdx ?? "");
  const isPage = anchors.size > 0 || /^\uFEFF?---\r?\n|^\+\+\+\r?\n/.test(text) || /x$/i.test(path);
  const document = fromMarkdown(text, {
    extensions: [frontmatter(["yaml", "toml"]), gfm()],
    mdastExtensions: [frontmatterFromMarkdown(["yaml", "toml"]), gfmFromMarkdown()],
  });
  visit(document, ["link", "image", "definition"], (node) => {
    if ("url" in node) links.push({ target: node.url, line: node.position?.start.line ?? 1 });
  });

  const tree = toHast(document, { allowDangerousHtml: true, handlers: withoutLinks });
  const html = raw(tree, { file: new VFile(text) }) as HtmlRoot;
  const slugger = new GithubSlugger();
  visit(html, "element", (element: Element) => {
    const { tagName, properties } = element;
    if (/^h[1-6]$/.test(tagName)) {
      anchors.add(slugger.slug(textOf(element).replace(/(?<!\s)\s*\{[#:/][^{}]*\}\s*$/, "")));
    }
    if (typeof properties.id === "string") anchors.add(properties.id);
    if (typeof properties.name === "string") anchors.add(properties.name);
    const attribute = Object.hasOwn(references, tagName) ? references[tagName] : undefined;
    const target = attribute === undefined ? undefined : properties[attribute];
    if (typeof target === "string") {
      links.push({ target, line: element.position?.start.line ?? 1 });
    }
  });
  links.sort((a, b) => a.line - b.line);
  return {
    links,
    anchors: [...anchors],
    ...(isPage && { page: true as const }),
    ...(includes.test(text) && { composed: true as const }),
  };
}
