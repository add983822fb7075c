import { describe, expect, it } from "vitest";
import { renderGithubAnnotations } from "../src/index.ts";
import { fixture } from "./fixtures.ts";

/** The properties of the annotation of an error with this frame. */
function placeOf(frame: string, root: string): string | undefined {
  const report = fixture("one");
  const taskStatistics = report.taskStatistics.map((task) => ({
    ...task,
    status: "failed" as const,
    error: { name: "Error", message: "no", stack: `Error: no\n    at ${frame}` },
  }));
  const text = renderGithubAnnotations({ ...report, taskStatistics }, { root });
  return /^::error (?:(.*),)?title=/.exec(text)?.[1]?.replaceAll("%3A", ":");
}

const main = "file=src/main.ts,line=3,col=1";

describe("an annotation finds the file", () => {
  it.each([
    ["in a path", "load (/srv/app/src/main.ts:3:1)", "/srv/app"],
    ["in a URL", "load (file:///srv/app/src/main.ts:3:1)", "/srv/app/"],
    [
      "in a URL that was loaded once more",
      "load (file:///srv/app/src/main.ts?t=17:3:1)",
      "/srv/app",
    ],
    ["with no function", "file:///srv/app/src/main.ts:3:1", "/srv/app"],
    ["awaited, with no function", "async file:///srv/app/src/main.ts:3:1", "/srv/app"],
    [
      "of a method under another name",
      "async Object.load [as f] (/srv/app/src/main.ts:3:1)",
      "/srv/app",
    ],
    ["of a name with a bracket", "Object.load (old) (/srv/app/src/main.ts:3:1)", "/srv/app"],
    ["with a root that is a URL", "load (/srv/app/src/main.ts:3:1)", "file:///srv/app/"],
    ["with the disk as root", "load (/src/main.ts:3:1)", "/"],
    ["in a path of Windows", "load (C:\\repo\\src\\main.ts:3:1)", "C:\\repo"],
    ["in a URL of Windows", "load (file:///C:/repo/src/main.ts:3:1)", "C:\\repo"],
    [
      "in a URL of Windows, the drive in lower case",
      "file:///c:/Repo/src/main.ts:3:1",
      "C:\\repo\\",
    ],
    ["with a root of Windows with slashes", "load (D:\\a\\repo\\src\\main.ts:3:1)", "D:/a/repo"],
    [
      "with a root that is a URL of Windows",
      "load (C:\\repo\\src\\main.ts:3:1)",
      "file:///C:/repo",
    ],
    ["of an extended path", "load (\\\\?\\C:\\repo\\src\\main.ts:3:1)", "C:\\repo"],
    [
      "below brackets",
      "load (C:\\Program Files (x86)\\a\\src\\main.ts:3:1)",
      "C:\\Program Files (x86)\\a",
    ],
    ["below brackets, no function", "C:\\Files (x86)\\a\\src\\main.ts:3:1", "C:\\Files (x86)\\a"],
    ["of a share", "load (\\\\server\\share\\src\\main.ts:3:1)", "\\\\server\\share"],
    ["of a share, in a URL", "load (file://server/share/src/main.ts:3:1)", "\\\\server\\share"],
    [
      "of a share, extended",
      "load (\\\\?\\UNC\\server\\share\\src\\main.ts:3:1)",
      "\\\\server\\share",
    ],
    ["below a blank, which a URL encodes", "file:///srv/my%20app/src/main.ts:3:1", "/srv/my app"],
    ["below a blank of Windows", "file:///C:/my%20app/src/main.ts:3:1", "C:\\my app"],
  ])("%s", (_, frame, root) => {
    expect(placeOf(frame, root)).toBe(main);
  });

  it.each([
    ["/srv/app/a%20b.ts:1:2", "a%2520b.ts"],
    ["file:///srv/app/a%23b.ts:1:2", "a#b.ts"],
    ["file:///srv/app/%C3%BC.ts:1:2", "ü.ts"],
    ["file:///srv/app/100%.ts:1:2", "100%25.ts"],
  ])("called as it is called on the disk: %s", (frame, file) => {
    expect(placeOf(frame, "/srv/app")).toBe(`file=${file},line=1,col=2`);
  });
});

describe("an annotation has no file", () => {
  it.each([
    ["of a folder whose name only begins alike", "load (C:\\repo-2\\src\\main.ts:3:1)", "C:\\repo"],
    ["of another drive", "load (D:\\repo\\src\\main.ts:3:1)", "C:\\repo"],
    ["of another host", "load (file://other/share/src/main.ts:3:1)", "\\\\server\\share"],
    ["in another case, where case counts", "load (/srv/App/src/main.ts:3:1)", "/srv/app"],
    ["of an installed package", "f (C:\\repo\\node_modules\\p\\main.js:3:1)", "C:\\repo"],
    ["of the runtime", "f (node:internal/timers:3:1)", "/srv/app"],
    [
      "of code without a file",
      "eval (eval at f (/srv/app/src/main.ts:3:1), <anonymous>:1:1)",
      "/srv/app",
    ],
  ])("%s", (_, frame, root) => {
    expect(placeOf(frame, root)).toBeUndefined();
  });
});
