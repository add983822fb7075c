import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { buildSync } from "esbuild";
import { describe, expect, it } from "vitest";

const home = join(import.meta.dirname, "..");

const bundled = (entry: string) =>
  buildSync({
    entryPoints: [join(home, "src", entry)],
    bundle: true,
    format: "iife",
    platform: "neutral",
    metafile: true,
    write: false,
  });

describe("The core", () => {
  it("depends on no package", () => {
    const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest).not.toHaveProperty("peerDependencies");
    expect(manifest).not.toHaveProperty("optionalDependencies");
  });

  describe.each(["index.ts", "whatif.ts"])("from %s", (entry) => {
    const bundle = bundled(entry);

    it("is one bundle that imports nothing", () => {
      expect(Object.values(bundle.metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
    });

    it("loads where there is nothing but what every runtime has", () => {
      const everywhere = { AbortController, AbortSignal, clearTimeout, performance, setTimeout };
      const [script] = bundle.outputFiles;
      expect(() => runInContext(script?.text ?? "", createContext(everywhere))).not.toThrow();
    });
  });
});
