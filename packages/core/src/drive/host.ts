/** What each part of the driver may ask of it, and no more. Each part says in its own file what it needs beyond that. */
import type { MachineEvent } from "../machine/event.ts";
import type { Machine } from "../machine/machine.ts";

export interface Host {
  readonly machine: Machine;
  /** Reads the clock of the run, which never goes back. */
  now(): number;
  /** Calls `fire` once, unless it is called off before. */
  after(ms: number, fire: () => void): () => void;
  /** Tells the machine at once what only adds to what it knows: it commands nothing. */
  note(event: MachineEvent): void;
  /** Hands an event to the machine, and obeys what it commands. */
  send(event: MachineEvent): void;
}
