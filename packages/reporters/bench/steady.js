/**
 * How much of the time the live block is on the screen while tasks print: a run of ten seconds that writes thirty lines a
 * second, to both outputs, in a pseudo-terminal of its own that util-linux's `script` records with its times. What was
 * recorded is then put on a screen, piece by piece, by xterm.js's parser; it knows nothing of synchronised output here, so a gap
 * within a write would count. Ends with 1 when the share is less than 95 %.
 *
 *     node bench/steady.js
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { flow, task } from "@astrum/core";
import { progress } from "@astrum/reporters/terminal";
import xterm from "@xterm/headless";

const SECONDS = 10;
const LINES_A_SECOND = 30;
const LEAST = 0.95;
const [COLUMNS, ROWS] = [80, 24];

if (process.argv[2] === "watched") await watched();
else await measured();

/** Ten tasks, one after the other, each of which prints for a second. */
async function watched() {
  const tasks = Array.from({ length: SECONDS }, (_, second) =>
    task(`second-${second}`, async () => {
      for (let line = 0; line < LINES_A_SECOND; line++) {
        const write = line % 2 === 0 ? console.log : console.error;
        write(`second ${second}, line ${line}`);
        await after(1000 / LINES_A_SECOND);
      }
    }),
  );
  const named = Object.fromEntries(tasks.map((one, at) => [`t${at}`, one]));
  const run = await flow("watched", named).run({ concurrency: 1, observers: [progress()] });
  run.unwrap();
}

async function measured() {
  const folder = mkdtempSync(join(tmpdir(), "astrum-steady-"));
  try {
    const [typescript, timing] = [join(folder, "typescript"), join(folder, "timing")];
    const program = [process.execPath, fileURLToPath(import.meta.url), "watched"];
    const command = `stty columns ${COLUMNS} rows ${ROWS}; exec ${program.map((part) => `'${part}'`).join(" ")}`;
    const { status } = spawnSync(
      "script",
      ["-qef", "-c", command, "-O", typescript, "-T", timing],
      {
        stdio: ["ignore", "ignore", "inherit"],
        env: { ...process.env, CI: "", TERM: "xterm-256color" },
      },
    );
    if (status !== 0) throw new Error(`script ended with ${status}`);
    tell(await onScreen(readFileSync(typescript), readFileSync(timing, "utf8")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the first block to the last piece before the run had ended: for how long there was one, and how often none. */
async function onScreen(typescript, timing) {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  // `script` writes a line of its own first.
  let at = typescript.indexOf("\n") + 1;
  const seen = [];
  for (const line of timing.trim().split("\n")) {
    const [delay, bytes] = line.split(" ").map(Number);
    const piece = typescript.subarray(at, at + bytes);
    at += bytes;
    await new Promise((resolve) => terminal.write(piece, resolve));
    const before = seen.at(-1);
    if (before !== undefined) before.seconds = delay;
    seen.push({ block: hasBlock(terminal), seconds: 0 });
  }
  const first = seen.findIndex(({ block }) => block);
  const last = seen.findLastIndex(({ block }) => block);
  const during = seen.slice(first, last + 1);
  const seconds = (pieces) => pieces.reduce((sum, piece) => sum + piece.seconds, 0);
  return {
    share: seconds(during.filter(({ block }) => block)) / seconds(during),
    gaps: during.filter(({ block }, place) => !block && during[place - 1]?.block).length,
    seconds: seconds(during),
    pieces: during.length,
  };
}

function hasBlock(terminal) {
  const { active } = terminal.buffer;
  for (let y = active.baseY; y < active.baseY + ROWS; y++) {
    if (/^ {2}\d+ running/.test(active.getLine(y)?.translateToString(true) ?? "")) return true;
  }
  return false;
}

function tell({ share, gaps, seconds, pieces }) {
  console.log(
    `The block was on the screen ${(100 * share).toFixed(1)} % of ${seconds.toFixed(1)} s, with ${gaps} gaps in ${pieces} writes, at ${LINES_A_SECOND} lines a second.`,
  );
  if (share < LEAST) process.exitCode = 1;
}
