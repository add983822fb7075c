/** An HTML page that was asked for: put where it was told, or into a folder of its own, and shown in the browser. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { cut } from "../wording/visible.ts";
import { CommandError } from "./command-error.ts";
import { type Desk, tell } from "./desk.ts";
import { exit } from "./exit-code.ts";
import { put } from "./output.ts";

/** Adds to `problems` that a page that is opened is a file. */
export function notStandardOutput(out: string | undefined, problems: string[]): void {
  if (out !== "-") return;
  problems.push('Expected "--out" to be a file, got "-": a browser opens no standard output');
}

/** Says where the page is, whether a browser could be started or not. @throws CommandError */
export async function showPage(
  page: string,
  name: string,
  { out, browse }: { readonly out: string | undefined; readonly browse: boolean },
  desk: Desk,
): Promise<void> {
  const path = resolve(out ?? join(ownFolder(), `${fileName(name)}.html`));
  put(page, path, desk);
  if (browse) {
    try {
      await desk.browse(path);
    } catch (error) {
      // A machine without a desktop is no reason to fail: the page is there.
      tell(desk, `cannot open it in a browser: ${(error as Error).message}; open it yourself`);
    }
  }
  desk.stdout.write(`${path}\n`);
}

/** Others cannot look into it. It stays: the browser reads it when this process has ended. */
function ownFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), "astrum-report-"));
  } catch (cause) {
    const way = 'name a file with "--out"';
    throw new CommandError(
      exit.unwritable,
      `Cannot make a temporary file: ${(cause as Error).message}; ${way}`,
      { cause },
    );
  }
}

function fileName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}_-]+/gu, "-").replace(/^-+|-+$/g, "");
  return cut(safe, 60).replace("…", "") || "run";
}
