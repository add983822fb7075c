/**
 * Reads every file of a tree and adds up what is in them, with a log that is taken up. Says in another file which ones it
 * read, before it reads them. Arguments: the folder, the log, the file of names, and after how many results it is killed.
 */
import { createHash } from "node:crypto";
import { openSync, writeSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { flow, map, task } from "@astrum/core";
import { resumable } from "../src/index.ts";

const [folder = "", log = "", names = "", killedAfter = "never"] = process.argv.slice(2);
const calls = openSync(names, "a");
let read = 0;

const list = task("list", async () => {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
});
const hashed = map(
  "hashed",
  list,
  async (name) => {
    writeSync(calls, `${name}\n`);
    const bytes = await readFile(name);
    if (++read > Number(killedAfter)) process.kill(process.pid, "SIGKILL");
    return { name, bytes: bytes.length, hash: createHash("sha256").update(bytes).digest("hex") };
  },
  { concurrency: 8, key: (name) => name },
);
const sum = task("sum", { hashed }, ({ hashed }) => {
  const all = createHash("sha256");
  for (const { hash } of hashed) all.update(hash);
  return { files: hashed.length, hash: all.digest("hex") };
});

const tree = flow("tree", { sum });
await using saved = await resumable(log, tree);
const report = await tree.run(saved.options());
console.log(JSON.stringify({ ...report.unwrap().sum, read, restored: report.restoredTasks }));
