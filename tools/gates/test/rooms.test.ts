import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./planted-tree.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** The text under a heading, up to the next one of its level. */
function section(file: string, heading: string): string {
  const [, text = ""] = read(file).split(`\n## ${heading}\n`);
  return text.split("\n## ")[0] as string;
}

/** The files that the rows of a table send a reader to, each under the bold row before it: `machine/run`. */
function openedIn(table: string): string[] {
  let folder = "";
  return table.split("\n").flatMap((row) => {
    const heading = /^\| \*\*`(.+)`\*\* \|/.exec(row)?.[1];
    if (heading !== undefined) folder = `${heading}/`;
    if (/^\| \*\*entries\*\* \|/.test(row)) folder = "";
    const opened = /\| ([^|]*) \|$/.exec(row)?.[1] ?? "";
    return [...opened.matchAll(/`([\w./-]+)`/g)].map(([, file]) => `${folder}${file}`);
  });
}

function sourcesOf(package_: string, folder = "src"): string[] {
  return readdirSync(join(root, package_, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.[jt]s$/.test(file) && !/\.d\.ts$|\.generated\./.test(file))
    .map((file) => file.replace(/\.[jt]s$/, ""))
    .sort();
}

describe("Every file has its line under what it is opened for", () => {
  it("in ARCHITECTURE.md, for the core", () => {
    const rows = openedIn(section("ARCHITECTURE.md", "Where to change what"));
    expect(rows.sort()).toEqual(sourcesOf("packages/core"));
  });

  it.each(
    ["bullmq", "crossing", "options", "otel", "prometheus", "reporters", "worker-threads"].map(
      (name) => `packages/${name}`,
    ),
  )("in the README of %s", (package_) => {
    expect(openedIn(section(`${package_}/README.md`, "Inside")).sort()).toEqual(
      sourcesOf(package_),
    );
  });

  it("in the README of packages/reporters, for the script of its page", () => {
    const rows = openedIn(section("packages/reporters/README.md", "Inside the page's script"));
    expect(rows.sort()).toEqual(sourcesOf("packages/reporters", "page"));
  });
});

it("ARCHITECTURE.md has a row for every package, app and tool", () => {
  const rows = section("ARCHITECTURE.md", "Around the core");
  const places = ["packages", "apps", "tools"].flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${folder}/${name}`),
  );
  for (const place of places.filter((one) => one !== "packages/core"))
    expect(rows).toContain(`| \`${place}\` |`);
});
