/** What keeps a command from being done, when the command line itself is right: a file, what is in it, a full disk. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** What the process ends with. */
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
