/** What only shows when a correct command line meets the machine: a path that is missing, a port that is taken. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
