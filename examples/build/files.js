/** Commands of the shell, and what files hold. Knows no target. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

/**
 * A signal that is aborted ends the command.
 * @param {string} command
 * @param {AbortSignal} signal
 */
export function shell(command, signal) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: "inherit", signal });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(undefined);
      else reject(new Error(`\`${command}\` ended with code ${code}`));
    });
  });
}

/** @param {readonly string[]} files */
export function hashesOf(files) {
  return Promise.all(
    files.map(async (file) =>
      createHash("sha256")
        .update(await readFile(file))
        .digest("hex"),
    ),
  );
}
