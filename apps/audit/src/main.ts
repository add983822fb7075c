#!/usr/bin/env node
/** What a shell starts: the program, with what a process adds to it. */
import { main } from "./program.ts";

// Whoever reads us may stop reading (`| head -1`); that is no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await main(process.argv.slice(2));
