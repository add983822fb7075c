import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isMarkdown, markdownOf } from "../src/analyse/markdown.ts";
import { discover } from "../src/discover.ts";
import type { LinkFinding } from "../src/finding.ts";
import { brokenLinks, knownPaths } from "../src/links.ts";
import { temporaryTree } from "./temporary-tree.ts";
import { unprivileged } from "./unprivileged.ts";

const signal = new AbortController().signal;

interface Tree {
  readonly [path: string]: string;
}

const small: Tree = {
  "README.md": "# Top of all",
  "docs/guide.md": "# One\n\n## Two",
  "docs/100%.md": "",
  "src/a.ts": "",
};

/** What is said of a link in one document of a tree that is there. */
async function finding(target: string, from: string, tree: Tree): Promise<LinkFinding | undefined> {
  const root = temporaryTree(tree);
  const known = knownPaths(await discover(root, { signal, out: "" }));
  const documents = new Map(
    Object.entries(tree).flatMap(([path, text]) =>
      isMarkdown(path) ? [[path, markdownOf(text, path)]] : [],
    ),
  );
  const markdown = { ...(documents.get(from) ?? markdownOf("")), links: [{ target, line: 7 }] };
  const [found] = brokenLinks({ path: from, markdown }, { known, documents });
  if (found !== undefined) expect(found).toMatchObject({ path: from, line: 7, target });
  return found;
}

const judge = async (target: string): Promise<string | undefined> =>
  (await finding(target, "docs/guide.md", small))?.message;

test.each([
  "guide.md",
  "./guide.md",
  "../docs/guide.md#one",
  "#two",
  "#user-content-two",
  "#",
  "#top",
  "#TOP",
  "..",
  "../",
  "../src",
  "../src/",
  "../src/a.ts#L10",
  "../src/a.ts?plain=1#L10",
  "../#top-of-all",
  "../README.md#readme",
  "100%25.md",
  "100%.md",
  "..\\README.md",
])("%s leads somewhere", async (target) => {
  expect(await judge(target)).toBeUndefined();
});

test.each([
  "https://example.org/gone.md",
  "HTTP://example.org",
  "mailto:a@example.org",
  "//example.org/gone.md",
  "/gone.md",
  "../../outside.md",
  "../../../..",
  "{{ base }}/gone.md",
  "<%= base %>/gone.md",
])("%s is not judged, since the repository cannot tell", async (target) => {
  expect(await judge(target)).toBeUndefined();
});

describe("what is missing is named", () => {
  test.each([
    ["gone.md", "no such file or folder: docs/gone.md"],
    ["gone%20too.md#x", "no such file or folder: docs/gone too.md"],
    ["../docs/guide", "no such file or folder: docs/guide; did you mean docs/guide.md?"],
    ["Guide.md", "no docs/Guide.md: its case differs, it is docs/guide.md"],
    ["../DOCS/guide.md", "no DOCS/guide.md: its case differs, it is docs/guide.md"],
    ["#three", "no heading or anchor #three in this document"],
    ["#Two", "no #Two in this document: its case differs, it is #two"],
    ["../README.md#two", "no heading or anchor #two in README.md"],
    ["../#two", "no heading or anchor #two in README.md"],
    ["#readme", "no heading or anchor #readme in this document"],
  ])("%s: %s", async (target, message) => {
    expect(await judge(target)).toBe(message);
  });
});

describe("what the audit does not see is not judged:", () => {
  test.each([
    ["what git ignores, there or not", "build/out.js", { ".gitignore": "build/\n" }],
    ["what an ignore file beside it names", "docs/made.md", { "docs/.gitignore": "made.md\n" }],
    ["what packages brought", "node_modules/a/README.md", {}],
  ])("%s", async (_, target, more) => {
    expect(await finding(target, "a.md", { "a.md": "", ...more })).toBeUndefined();
    expect(await finding("gone.md", "a.md", { "a.md": "", ...more })).toBeDefined();
  });

  test("what is behind a symbolic link", async () => {
    const root = temporaryTree({ "a.md": "", "real/b.md": "" });
    symlinkSync("real", join(root, "link"));
    const known = knownPaths(await discover(root, { signal, out: "" }));
    const links = [
      { target: "link/b.md", line: 1 },
      { target: "real/c.md", line: 2 },
    ];
    const document = { path: "a.md", markdown: { anchors: [], links } };
    expect(brokenLinks(document, { known, documents: new Map() })).toMatchObject([{ line: 2 }]);
  });
});

test("a link to what is there and cannot be read is not broken: a closed folder, a pipe", async () => {
  const root = temporaryTree({ "a.md": "", "closed/b.md": "" });
  execFileSync("mkfifo", [join(root, "pipe")]);
  chmodSync(root, 0o755);
  chmodSync(join(root, "closed"), 0);
  const known = knownPaths(await unprivileged(() => discover(root, { signal, out: "" })));
  chmodSync(join(root, "closed"), 0o755);
  const targets = ["closed", "closed/", "closed/b.md", "pipe", "gone"];
  const links = targets.map((target) => ({ target, line: 1 }));
  const document = { path: "a.md", markdown: { anchors: [], links } };
  const found = brokenLinks(document, { known, documents: new Map() });
  expect(found.map(({ target }) => target)).toEqual(["gone"]);
});

describe("on a page of a site,", () => {
  const page = "docs/a/page.md";
  const signs: readonly (readonly [string, Tree])[] = [
    ["by its front matter", { [page]: "---\ntitle: A\n---\n" }],
    ["by an anchor of its own", { [page]: "# A {#a}\n" }],
    ["by a configuration above it", { [page]: "# A\n", "docs/.vitepress/config.ts": "" }],
    [
      "by a configuration beside its folder",
      { [page]: "# A\n", "website/docusaurus.config.js": "" },
    ],
    ["by a configuration at the root", { [page]: "# A\n", "mkdocs.yml": "" }],
  ];
  const rest: Tree = {
    "docs/b.md": "# It's `b` & c",
    "docs/d/index.mdx": "",
    "docs/e/README.md": "",
  };

  test.each(signs)(
    "known %s, a document stands for the address without its extension",
    async (_, tree) => {
      for (const target of ["../b", "../b.html", "../d", "../d/", "../e"]) {
        expect(await finding(target, page, { ...rest, ...tree })).toBeUndefined();
      }
    },
  );

  const [, first] = signs[0] as (typeof signs)[number];
  const onPage = (target: string, tree: Tree = {}) =>
    finding(target, page, { ...rest, ...first, ...tree });

  test("an address that no document stands for is told apart: the site may make it", async () => {
    expect(await onPage("../made")).toMatchObject({ apart: "site" });
    expect(await onPage("./made.html#x")).toMatchObject({ apart: "site" });
    expect(await onPage("../made.md")).not.toHaveProperty("apart");
  });

  test("anchors are compared by their letters and digits", async () => {
    expect(await onPage("../b.md#it-s-b-c")).toBeUndefined();
    expect(await onPage("../b.md#its-b--c")).toBeUndefined();
    expect(await onPage("../b.md#its-b-d")).toMatchObject({
      message: "no heading or anchor #its-b-d in docs/b.md",
    });
  });

  test.each([
    "<!--@include: ./part.md-->",
    "{{< include part.md >}}",
    "{% include part.html %}",
    '--8<-- "part.md"',
    'import Part from "./part.mdx"',
    "<Part />",
  ])("an anchor that may come with %s is told apart", async (include) => {
    const tree = { "docs/b.md": `# B\n\n${include}\n` };
    expect(await onPage("../b.md#of-part", tree)).toMatchObject({ apart: "site" });
  });

  test("what GitHub shows is judged as GitHub has it", async () => {
    const tree = { "README.md": "---\na: b\n---\n", "mkdocs.yml": "", "docs/b.md": "" };
    expect(await finding("docs/b", "README.md", tree)).toMatchObject({
      message: "no such file or folder: docs/b; did you mean docs/b.md?",
    });
  });
});

test("a broken link in a test or in code of others is told apart, one in an example counts", async () => {
  const apart = async (from: string) => (await finding("gone.md", from, { [from]: "" }))?.apart;
  expect(await apart("tests/fixtures/a.md")).toBe("test");
  expect(await apart("examples/a.md")).toBeUndefined();
  expect(await apart("vendor/b/README.md")).toBe("vendored");
  expect(await apart("docs/a.md")).toBeUndefined();
});
