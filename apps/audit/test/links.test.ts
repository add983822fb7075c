import { describe, expect, test } from "vitest";
import { markdownOf } from "../src/analyse/markdown.ts";
import { brokenLinks, type KnownPaths, unknownTargets } from "../src/links.ts";

const paths = ["", "README.md", "docs", "docs/guide.md", "docs/100%.md", "src", "src/a.ts"];
const known: KnownPaths = {
  paths: new Set(paths),
  byFoldedPath: new Map(paths.map((path) => [path.toLowerCase(), path])),
};

function judge(target: string, from = "docs/guide.md"): string | undefined {
  const documents = new Map([
    ["README.md", markdownOf("# Top of all")],
    ["docs/guide.md", markdownOf("# One\n\n## Two")],
  ]);
  const markdown = { anchors: documents.get(from)?.anchors ?? [], links: [{ target, line: 7 }] };
  const [finding] = brokenLinks({ path: from, markdown }, { known, documents }, new Set());
  if (finding !== undefined) expect(finding).toMatchObject({ path: from, line: 7, target });
  return finding?.message;
}

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
])("%s leads somewhere", (target) => {
  expect(judge(target)).toBeUndefined();
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
])("%s is not judged, since the repository cannot tell", (target) => {
  expect(judge(target)).toBeUndefined();
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
  ])("%s: %s", (target, message) => {
    expect(judge(target)).toBe(message);
  });
});

test("only paths that are not known are looked up, each once", () => {
  const markdown = markdownOf(
    "[a](x.md) [b](x.md#y) [c](guide.md) [d](https://example.org) [e](../dist)",
  );
  expect(unknownTargets({ path: "docs/guide.md", markdown }, known)).toEqual(["dist", "docs/x.md"]);
});
