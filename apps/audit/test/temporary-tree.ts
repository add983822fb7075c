/** Folders in the system's temporary place, filled from a list, outside of any repository. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, onTestFinished } from "vitest";

type Files = Readonly<Record<string, string | Uint8Array>>;

/** Gone after the test. */
export function temporaryTree(files: Files = {}): string {
  const root = mkdtempSync(join(realpathSync(tmpdir()), "astrum-audit-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  fill(root, files);
  return root;
}

/** Made by the first test that asks for it, and gone after the last of the file or of the `describe` around this. */
export function sharedTree(fillIt: (root: string) => void): () => string {
  let root: string | undefined;
  afterAll(() => {
    if (root !== undefined) rmSync(root, { recursive: true, force: true });
  });
  return () => {
    if (root === undefined) {
      root = mkdtempSync(join(realpathSync(tmpdir()), "astrum-audit-shared-"));
      fillIt(root);
    }
    return root;
  };
}

export function fill(root: string, files: Files): void {
  const folders = new Set(Object.keys(files).map((path) => join(root, dirname(path))));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) writeFileSync(join(root, path), content);
}
