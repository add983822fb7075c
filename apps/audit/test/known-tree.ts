/** A tree with faults of every kind that version control can hold, and what the audit has to say of it. */
import { cpSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sharedTree } from "./temporary-tree.ts";

const fixtures = new URL("./fixtures/", import.meta.url);

export const expectedOfKnown: string = readFileSync(
  new URL("known.expected.txt", fixtures),
  "utf8",
);

/** A copy for the tests of one file, outside of this repository, whose history would be the tree's. */
export function knownTree(): () => string {
  return sharedTree((root) => {
    cpSync(fileURLToPath(new URL("known", fixtures)), root, { recursive: true });
  });
}
