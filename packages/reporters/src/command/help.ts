/** The help of the program and of each command, made of the tables that the command line is read with. Reads nothing. */
import { COMMON, type Command, type Option } from "./arguments.ts";
import { PROGRAM } from "./desk.ts";
import { EXIT_CODES } from "./exit-code.ts";

export function helpOfProgram(commands: readonly Command[]): string {
  const rows = commands.map(({ name, takes, about }) => [`${name} ${takes}`, about] as const);
  const codes = EXIT_CODES.map(([code, means]) => [String(code), plain(means)] as const);
  return `${PROGRAM} COMMAND FILE [options]

Looks at runs of Astrum: reports (JSON) and event logs (ndjson), also of runs that were killed.

${columns(rows)}

A FILE is a path, or - for standard input. Of a log with several runs the one that started last is
taken; FILE#RUN takes another. "${PROGRAM} FILE" shows it. "${PROGRAM} COMMAND --help" says more;
--version is the version.

Exit codes:
${columns(codes)}
`;
}

export function helpOfCommand({ name, takes, about, more, options }: Command): string {
  const table: [string, Option][] = Object.entries({ ...options, ...COMMON });
  const rows = table.map(([option, { takes: value, help }]) => {
    const short = option === "help" ? "-h, " : "";
    return [`${short}--${option}${value === undefined ? "" : ` ${value}`}`, help] as const;
  });
  return `${PROGRAM} ${name} ${takes} [options]

${about}
${more === "" ? "" : `\n${more}\n`}
${columns(rows)}
`;
}

/** Two columns, the second from the same place on, broken between words. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([first]) => first.length)) + 2;
  return rows
    .map(([first, second]) => `  ${first.padEnd(width)}${broken(second, 96 - width, width + 2)}`)
    .join("\n");
}

function broken(text: string, width: number, indent: number): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) as string;
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}

function plain(markdown: string): string {
  return markdown.replaceAll("`", "");
}
