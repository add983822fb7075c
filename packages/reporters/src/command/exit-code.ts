/** What the exit code of the program says: the words of docs/command.md and of `--help`. */
export const exit = {
  good: 0,
  bad: 1,
  broken: 2,
  usage: 64,
  data: 65,
  missing: 66,
  unwritable: 73,
} as const;

export const EXIT_CODES: readonly (readonly [code: number, means: string])[] = [
  [exit.good, "done; of `show`, the run completed; of `compare`, it is not broken and not slower"],
  [exit.bad, "`show`: the run did not complete; `compare`: it is broken or slower"],
  [exit.broken, "the program itself failed"],
  [exit.usage, "wrong usage; nothing was read"],
  [exit.data, "what was read is no report and no event log, is empty or damaged, or does not fit"],
  [exit.missing, "a file is missing, or cannot be read"],
  [exit.unwritable, "the output cannot be written"],
  [130, "interrupted (Ctrl-C)"],
];
