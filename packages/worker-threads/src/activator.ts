/** The far side of an observer's `inject`, as a type: what an activator module exports by default. */

/**
 * Makes what a carrier holds (a trace, baggage) current around a task's function in a thread. Structurally the core's
 * `RemoteActivator`.
 */
export interface RemoteActivator {
  readonly name: string;
  /** Calls `proceed` once, synchronously, with the context in place. Cannot change whether or how the function runs. */
  activate(
    carrier: Readonly<Record<string, string>>,
    info: { readonly task: string; readonly attempt: number },
    proceed: () => void,
  ): void;
  /** Hands on what is held back. Called when the thread has been quiet for a while, and before it is ended by `close()`. */
  flush?(signal: AbortSignal): void | Promise<void>;
}
