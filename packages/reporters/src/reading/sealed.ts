/**
 * Outputs that nobody can read who has not the key: how a line of an event log holds one. Knows texts; what makes them
 * unreadable are two functions of the caller.
 */
import type { EncodedValue } from "@astrum/core";
import { fits, type Rule } from "astrum-options";
import { checkedLine } from "./check-line.ts";
import type { CompletedLine, EventLine } from "./log-format.ts";

/** Two functions, each undoing the other; both synchronous. They are given the JSON of one output at a time. */
export interface Encryption {
  /** What it throws fails the run: nothing is written that should have been encrypted. */
  encrypt(text: string): string;
  /** To throw for what it cannot read. */
  decrypt(text: string): string;
}

/** Both are asked for, so that no log is written that its own program cannot read. */
export const encryptionRule: Rule = fits(
  "{ encrypt, decrypt }, two functions",
  (given) =>
    typeof (given as Partial<Encryption> | null)?.encrypt === "function" &&
    typeof (given as Partial<Encryption>).decrypt === "function",
);

/** For a reader without the key it was not stored. */
const SEALED = {
  encoding: "omitted",
  why: "not-serialisable",
  type: "encrypted",
  detail: "it is encrypted, and was read without `encryption`",
} as const satisfies EncodedValue;

/** Whether an output is such a one, and was read without the key. */
export function isSealed(output: EncodedValue | undefined): boolean {
  return output?.encoding === "omitted" && output.type === SEALED.type;
}

/** The parts of a line that hold an output. @throws Error when it was not encrypted. */
export function sealed(
  output: EncodedValue,
  { encrypt }: Encryption,
): Pick<CompletedLine, "output" | "sealed"> {
  // What was left out says so to everyone.
  if (output.encoding === "omitted") return { output };
  const text: unknown = encrypt(JSON.stringify(output));
  if (typeof text !== "string") {
    throw new TypeError("Expected `encryption.encrypt` to return a text, not a promise of one.");
  }
  return { output: SEALED, sealed: text };
}

/**
 * The line with the output that was encrypted. `number` counts the lines of the log from 1.
 *
 * @throws Error when it cannot be decrypted.
 */
export function unsealed(
  line: EventLine,
  number: number,
  encryption: Encryption | undefined,
): EventLine {
  if (line.type !== "completed" || line.sealed === undefined || encryption === undefined) {
    return line;
  }
  const { sealed: text, ...rest } = line;
  let output: EncodedValue;
  try {
    output = JSON.parse(encryption.decrypt(text)) as EncodedValue;
  } catch (cause) {
    throw new Error(
      `Line ${number} of the event log cannot be decrypted: it was written with another key, or is damaged. The log can be read without that line.`,
      { cause },
    );
  }
  return checkedLine({ ...rest, output } as CompletedLine, number);
}
