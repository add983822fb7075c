/**
 * The second script of the page: the run machine. The page's policy lets it in by its hash; in the document it only says that
 * it is there, with its own text, and the page starts that text again in a worker. There it answers one question after another.
 * Where no worker may be started, the page calls it in the document.
 */
import type { PageData } from "../src/html/page-data.ts";
import { Answering } from "./answering.ts";
import { MACHINE, type MachineScript, type Question, type Reply } from "./machine.ts";

interface Worker {
  onmessage: ((event: { readonly data: Question }) => void) | null;
  postMessage(reply: Reply, transfer?: readonly ArrayBuffer[]): void;
}

if (typeof document === "undefined") answerIn(globalThis as unknown as Worker);
else {
  const script: MachineScript = {
    text: document.currentScript?.textContent ?? "",
    answering: (data) => new Answering(data),
  };
  Object.defineProperty(globalThis, MACHINE, { value: script });
}

function answerIn(worker: Worker): void {
  let data: PageData | undefined;
  let answering: Answering | undefined;
  worker.onmessage = ({ data: question }) => {
    if ("data" in question) {
      data = question.data;
      return;
    }
    try {
      if (data === undefined) throw new Error("It was asked before it was told the run.");
      answering ??= new Answering(data);
      const answer = answering.answer(question.change);
      const { task, slot, startUs, endUs } = answer.attempts;
      worker.postMessage({ answer }, [task.buffer, slot.buffer, startUs.buffer, endUs.buffer]);
    } catch (error) {
      worker.postMessage({ fault: error instanceof Error ? error.message : String(error) });
    }
  };
}
