/** Whether to use colours, and which one for what. The only file that knows colours. */
import { createColors } from "picocolors";
import type { Line, Meaning } from "../wording/styled.ts";
import { inAscii } from "./ascii.ts";
import type { Environment } from "./mode.ts";
import type { TerminalStream } from "./sink.ts";

/** They keep the colours of a log, though it is no terminal. */
const CI_WITH_COLOURS = [
  "APPVEYOR",
  "BUILDKITE",
  "CIRCLECI",
  "DRONE",
  "GITEA_ACTIONS",
  "GITHUB_ACTIONS",
  "GITLAB_CI",
  "TRAVIS",
];

/**
 * Who decides, first to last: the caller; `--color` and `--no-color` on the command line; `NO_COLOR` (no-color.org: any text
 * but the empty one); `FORCE_COLOR` (force-color.org, and `0` or `false` for the opposite); `TERM=dumb`; whether the stream
 * is a terminal, or the log of a service that shows colours.
 */
export function coloursOn(
  stream: TerminalStream,
  wanted: boolean | undefined,
  env: Environment,
  argv: readonly string[],
): boolean {
  if (wanted !== undefined) return wanted;
  const flag = argv.findLast((argument) => argument === "--color" || argument === "--no-color");
  if (flag !== undefined) return flag === "--color";
  const { NO_COLOR = "", FORCE_COLOR = "", TERM } = env;
  if (NO_COLOR !== "") return false;
  if (FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR.toLowerCase() !== "false";
  if (TERM === "dumb") return false;
  return stream.isTTY === true || CI_WITH_COLOURS.some((name) => env[name] !== undefined);
}

export type Paint = (line: Line) => string;

/** Text in, text with colours out; without colours not a single escape sequence. `ascii`: no sign of ours beyond it. */
export function painter(colours: boolean, ascii: boolean = false): Paint {
  const { bold, cyan, dim, green, red, yellow } = createColors(colours);
  const colourOf: Readonly<Record<Meaning, (text: string) => string>> = {
    title: bold,
    name: cyan,
    faint: dim,
    good: green,
    bad: red,
    warning: yellow,
  };
  if (ascii) {
    const paint = painter(colours);
    return (line) =>
      paint(
        line.map((piece) =>
          typeof piece === "string" ? inAscii(piece) : [piece[0], inAscii(piece[1])],
        ),
      );
  }
  return (line) =>
    line
      .map((piece) => (typeof piece === "string" ? piece : colourOf[piece[0]](piece[1])))
      .join("");
}
