import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { flow, map, optional, task, VERSION } from "../../src/index.ts";
import { refusal } from "../refusal.ts";

const nothing = (): void => {};

describe("Another copy of this package in the tree", () => {
  let other: typeof import("../../src/index.ts");
  beforeAll(async () => {
    const entry = fileURLToPath(new URL("../../src/index.ts", import.meta.url));
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
    });
    const module = Buffer.from(outputFiles[0]?.contents ?? "").toString("base64");
    other = await import(`data:text/javascript;base64,${module}`);
  });
  const copy = `of another copy of @astrum/core (version ${VERSION}, this one is ${VERSION}): see to it that one is loaded: \`npm ls @astrum/core\` shows whether two are installed, and one is two where both import and require() load it`;

  it("is named where one of its tasks or inputs is given", async () => {
    const user = other.task("user", () => ["Ada"]);
    expect(await refusal(() => task("a", { user }, nothing))).toEqual([
      `Input "user" of task "a" is a task ${copy}`,
    ]);
    expect(await refusal(() => task("a", { name: other.pick(user, 0) }, nothing))).toEqual([
      `Input "name" of task "a" is an input made with pick() ${copy}`,
    ]);
    expect(await refusal(() => map("m", user, nothing))).toEqual([
      `Map "m" needs a task or an input to map over, got a task ${copy}`,
    ]);
    expect(await refusal(() => optional(user))).toEqual([
      `optional() needs a task, got a task ${copy}`,
    ]);
    expect(await refusal(() => flow("f", { user }))).toEqual([
      `\`roots.user\` must be a task, made with task() or map(), got a task ${copy}`,
    ]);
  });

  it("is named where one of its semaphores is given", async () => {
    const concurrency = new other.Semaphore(1) as never;
    expect(await refusal(() => flow("f", {}).run({ concurrency }))).toEqual([
      `\`concurrency\` is a Semaphore ${copy}`,
    ]);
  });

  it("is not suspected where an object of this copy is wrong", async () => {
    const user = task("user", nothing);
    const message = await refusal(() => flow("f", { user: optional(user) as never }));
    expect(message).toEqual([
      "`roots.user` must be a task, made with task() or map(), got an input made with optional()",
    ]);
  });
});
