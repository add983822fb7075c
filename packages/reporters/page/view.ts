/** Which part of the time is seen, and how it maps to pixels. Knows no canvas. */
import { roundStep } from "../src/wording/time-axis.ts";

/** Nothing shorter than this is worth a screen. */
const LEAST_US = 20;

export class View {
  #wholeUs = 1;
  #fromUs = 0;
  #spanUs: number;
  #left = 0;
  #width = 1;

  constructor(wholeUs: number) {
    this.#spanUs = 1;
    this.reach(wholeUs);
  }

  /** The axis ends here from now on; whoever looked at all of it goes on doing so. */
  reach(wholeUs: number): void {
    const whole = this.isWhole;
    // A little room at the end, so that the last bar is seen to end.
    this.#wholeUs = Math.max(1, wholeUs) * 1.01;
    if (whole) this.reset();
    else {
      this.#spanUs = Math.min(this.#spanUs, this.#wholeUs);
      this.#clamp();
    }
  }

  get fromUs(): number {
    return this.#fromUs;
  }

  get toUs(): number {
    return this.#fromUs + this.#spanUs;
  }

  get left(): number {
    return this.#left;
  }

  get right(): number {
    return this.#left + this.#width;
  }

  get pixelsPerUs(): number {
    return this.#width / this.#spanUs;
  }

  get isWhole(): boolean {
    return this.#spanUs >= this.#wholeUs;
  }

  /** The whole as shares of one: where the window begins and how much of it is seen. */
  get window(): { readonly from: number; readonly share: number } {
    return { from: this.#fromUs / this.#wholeUs, share: this.#spanUs / this.#wholeUs };
  }

  /** The time axis lies between these pixels. */
  place(left: number, width: number): void {
    this.#left = left;
    this.#width = Math.max(1, width);
  }

  x(us: number): number {
    return this.#left + (us - this.#fromUs) * this.pixelsPerUs;
  }

  us(x: number): number {
    return this.#fromUs + (x - this.#left) / this.pixelsPerUs;
  }

  /** `factor` below 1 looks closer; what is under the pixel stays there. */
  zoom(factor: number, x: number): void {
    const anchor = this.us(x);
    const span = Math.min(this.#wholeUs, Math.max(LEAST_US, this.#spanUs * factor));
    this.#fromUs = anchor - ((anchor - this.#fromUs) * span) / this.#spanUs;
    this.#spanUs = span;
    this.#clamp();
  }

  pan(pixels: number): void {
    this.#fromUs += pixels / this.pixelsPerUs;
    this.#clamp();
  }

  reset(): void {
    this.#fromUs = 0;
    this.#spanUs = this.#wholeUs;
  }

  /** This part of the time, or the whole where that is not in it. */
  show(fromUs: number, toUs: number): void {
    this.#spanUs = Math.min(this.#wholeUs, Math.max(LEAST_US, toUs - fromUs));
    this.#fromUs = fromUs;
    this.#clamp();
  }

  /** Moves, and looks farther away if it must, until the interval is in sight. */
  reveal(fromUs: number, toUs: number): void {
    const length = Math.max(0, toUs - fromUs);
    if (length > this.#spanUs * 0.9)
      this.#spanUs = Math.min(this.#wholeUs, Math.max(LEAST_US, length * 1.5));
    if (fromUs < this.#fromUs || toUs > this.toUs) {
      this.#fromUs = fromUs + length / 2 - this.#spanUs / 2;
    }
    this.#clamp();
  }

  #clamp(): void {
    this.#fromUs = Math.max(0, Math.min(this.#wholeUs - this.#spanUs, this.#fromUs));
  }
}

/** How many pixels the ticks of the axis are apart at least: on a wide one, and on a narrow one, which has a few all the same. */
const APART = 96;
const LEAST_APART = 60;

/** Round instants. */
export function ticks(view: View): number[] {
  const apart = Math.min(APART, Math.max(LEAST_APART, (view.right - view.left) / 4));
  const step = roundStep(apart / view.pixelsPerUs);
  const list: number[] = [];
  for (let us = Math.ceil(view.fromUs / step) * step; us <= view.toUs; us += step) list.push(us);
  return list;
}
