/**
 * Asks the run machine, wherever it may run: in a worker that is started from the text of the page's second script, or, where
 * the browser or a policy refuses that, in the document, one question at a time. Of questions that come faster than answers
 * only the last is asked.
 */
import type { Change } from "@astrum/core/whatif";
import type { PageData } from "../src/html/page-data.ts";
import type { Answer, Answering } from "./answering.ts";

/** The name in the global object under which the second script is found. */
export const MACHINE = "astrumMachine";

/** To the worker: first the run, then questions. */
export type Question = { readonly data: PageData } | { readonly change: Change };

/** From the worker, one for each question. */
export type Reply = { readonly answer: Answer } | { readonly fault: string };

/** What the script leaves for the other one in the document. */
export interface MachineScript {
  /** Of this script; it was let in by its hash, so it is the one that was built. */
  readonly text: string;
  answering(data: PageData): Pick<Answering, "answer">;
}

export interface Heard {
  answer(change: Change, answer: Answer): void;
  /** It cannot answer: what it said. */
  fault(message: string): void;
}

export class Machine {
  readonly #data: PageData;
  readonly #script: MachineScript;
  readonly #heard: Heard;
  #worker: Worker | undefined;
  #here: Pick<Answering, "answer"> | undefined;
  #address = "";
  #asked: Change | undefined;
  #next: Change | undefined;

  /** Nothing where the page has no such script, or its policy did not let it in. */
  static find(data: PageData, heard: Heard): Machine | undefined {
    const script = (globalThis as unknown as Record<string, MachineScript | undefined>)[MACHINE];
    return script === undefined ? undefined : new Machine(data, script, heard);
  }

  private constructor(data: PageData, script: MachineScript, heard: Heard) {
    // Texts are for the reader, and the most of it.
    this.#data = { ...data, texts: [] };
    this.#script = script;
    this.#heard = heard;
  }

  /** `worker` or `document`; `undefined` as long as nothing was asked. */
  get place(): "worker" | "document" | undefined {
    if (this.#worker !== undefined) return "worker";
    return this.#here === undefined ? undefined : "document";
  }

  ask(change: Change): void {
    if (this.#asked !== undefined) {
      this.#next = change;
      return;
    }
    this.#asked = change;
    if (this.place === undefined) this.#start();
    this.#send(change);
  }

  #send(change: Change): void {
    if (this.#worker !== undefined) this.#worker.postMessage({ change } satisfies Question);
    // After what is waiting already, so that the page stays alive.
    else window.setTimeout(() => this.#askHere(change));
  }

  #start(): void {
    try {
      const blob = new Blob([this.#script.text], { type: "text/javascript" });
      this.#address = URL.createObjectURL(blob);
      const worker = new Worker(this.#address);
      // What a worker that was given up has still sent is not heard: its question is answered in the document.
      worker.onmessage = ({ data }: MessageEvent<Reply>) => {
        if (worker === this.#worker) this.#reply(data);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        if (worker === this.#worker) this.#refused();
      };
      worker.postMessage({ data: this.#data } satisfies Question);
      this.#worker = worker;
    } catch {
      // No worker here: what is asked is answered in the document.
      this.#worker = undefined;
    }
  }

  /** The worker did not start, or died. */
  #refused(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    if (this.#asked !== undefined) this.#send(this.#asked);
  }

  #askHere(change: Change): void {
    try {
      this.#here ??= this.#script.answering(this.#data);
      this.#reply({ answer: this.#here.answer(change) });
    } catch (error) {
      this.#reply({ fault: error instanceof Error ? error.message : String(error) });
    }
  }

  #reply(reply: Reply): void {
    // The worker has been read.
    URL.revokeObjectURL(this.#address);
    const asked = this.#asked;
    const next = this.#next;
    this.#asked = undefined;
    this.#next = undefined;
    if (next !== undefined) this.ask(next);
    if ("fault" in reply) this.#heard.fault(reply.fault);
    else if (asked !== undefined) this.#heard.answer(asked, reply.answer);
  }
}
