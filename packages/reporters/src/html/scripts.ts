/** The scripts of the report's page and the hashes that let them in; the run machine where the page may run the run again. */
import { pageScript, scriptHash } from "./assets.generated.ts";
import { machineHash, machineScript } from "./machine.generated.ts";
import { html, type Markup, verbatim } from "./markup.ts";

export interface Scripts {
  readonly hashes: readonly string[];
  /** Stands at the end of the body, so that the page is read before a script runs. */
  readonly markup: Markup;
}

/** `tries`: the page may run the run again. */
export function scripts(tries: boolean): Scripts {
  return {
    hashes: [scriptHash, ...(tries ? [machineHash] : [])],
    markup: html`${tries && html`<script>${verbatim(machineScript)}</script>\n`}<script>${verbatim(pageScript)}</script>`,
  };
}
