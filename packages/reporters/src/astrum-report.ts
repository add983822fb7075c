#!/usr/bin/env node
/** What a shell starts: the program, with what a process adds to it. */

import { PROGRAM } from "./command/desk.ts";
import { exit } from "./command/exit-code.ts";
import { program } from "./command/program.ts";

let unwritable = false;

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever reads us may stop reading (`| head -1`); that is no error of ours.
    if (error.code === "EPIPE") return;
    unwritable = true;
    process.exitCode = exit.unwritable;
    if (stream === process.stdout) {
      process.stderr.write(`${PROGRAM}: Cannot write to standard output: ${error.message}\n`);
    }
  });
}

const code = await program(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  async browse(path) {
    const { default: open } = await import("open");
    await open(path);
  },
});
if (!unwritable) process.exitCode = code;
