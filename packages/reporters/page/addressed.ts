/**
 * Keeps the address and the page the same: what is chosen, filtered and zoomed goes into the address, and what the address
 * says, by hand or by Back and Forward, is shown. Only what was clicked makes a step in the history.
 */
import { type Address, isAddress, readAddress, writeAddress } from "./address.ts";

export interface AddressOwner {
  /** What is shown now. */
  address(): Address;
  show(address: Address): void;
}

/** A browser refuses addresses that change more often. */
const REST_MS = 300;

export class Addressed {
  readonly #owner: AddressOwner;
  #others: readonly string[] = [];
  #waiting = 0;
  /** A link to a part of the page was followed, which changes nothing of what is shown. */
  #leaping = false;

  constructor(owner: AddressOwner) {
    this.#owner = owner;
    window.addEventListener("hashchange", () => this.#changed());
    document.addEventListener("click", ({ target }) => {
      const link = target instanceof Element ? target.closest("a[href^='#']") : null;
      const hash = link?.getAttribute("href") ?? "";
      if (hash !== "" && !isAddress(hash) && hash !== location.hash) this.#leaping = true;
    });
  }

  /** With what is shown, to be passed on. */
  get link(): string {
    return location.href.replace(/#.*/s, "") + this.#hash();
  }

  /** What the address says at first. */
  open(): void {
    if (isAddress(location.hash)) this.#show(location.hash);
  }

  /** In a moment, when what is shown has come to rest. */
  later(): void {
    window.clearTimeout(this.#waiting);
    this.#waiting = window.setTimeout(() => this.write(false), REST_MS);
  }

  /** `step`: so that Back leads to what was shown before. */
  write(step: boolean): void {
    window.clearTimeout(this.#waiting);
    const hash = this.#hash();
    if (hash === (isAddress(location.hash) ? location.hash : "")) return;
    const url = hash === "" ? location.pathname + location.search : hash;
    try {
      if (step) history.pushState(null, "", url);
      else history.replaceState(null, "", url);
    } catch {
      // A page in a sandbox has no history of its own.
    }
  }

  #hash(): string {
    return writeAddress({ ...this.#owner.address(), others: this.#others });
  }

  #changed(): void {
    const { hash } = location;
    if (isAddress(hash)) this.#show(hash);
    else if (this.#leaping) this.#keep(hash);
    else this.#show(typeof history.state === "string" ? history.state : "");
    this.#leaping = false;
  }

  /** For those who come back to this step. */
  #keep(hash: string): void {
    try {
      history.replaceState(this.#hash(), "", hash);
    } catch {
      // As above.
    }
  }

  #show(hash: string): void {
    window.clearTimeout(this.#waiting);
    const address = readAddress(hash);
    this.#others = address.others ?? [];
    this.#owner.show(address);
  }
}
