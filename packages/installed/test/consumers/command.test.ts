/** The command of the reporters from its tarball, by the name that npm gives it, in every Node that is promised. */
import { expect, test } from "vitest";
import { node, user } from "./user.ts";

const app = user("command", {
  "package.json": { name: "app", private: true, type: "module" },
  "main.js": `
    import { flow, task } from "@astrum/core";
    import { eventLog } from "@astrum/reporters";
    const log = eventLog("run.ndjson");
    const only = task("only", () => 1);
    const observed = { journal: log.journal, observers: [log.observer], runId: "r1" };
    (await flow("nightly", { only }).run(observed)).unwrap();
    log.close();`,
});

test.each(["20.19", "22", "24", "26"] as const)("Node %s", async (line) => {
  await app.run(node(line), ["main.js"]);
  const program = app.path("../node_modules/.bin/astrum-report");
  const shown = await app.run(node(line), [program, "run.ndjson"]);
  expect(shown).toMatchObject({ stdout: expect.stringMatching(/^nightly: completed/), stderr: "" });
  const page = await app.run(node(line), [
    program,
    "open",
    "run.ndjson",
    "--no-open",
    "--out",
    "run.html",
  ]);
  expect(page.stdout.trim()).toBe(app.path("run.html"));
  expect(app.read("run.html")).toContain("<!doctype html>");
});

test("npx, by the name of the package", async () => {
  await app.run(process.execPath, ["main.js"]);
  const { stdout } = await app.run("npx", [
    "--prefix",
    "..",
    "--no",
    "@astrum/reporters",
    "show",
    "run.ndjson",
  ]);
  expect(stdout).toMatch(/^nightly: completed/);
});
