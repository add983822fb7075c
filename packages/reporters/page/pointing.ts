/**
 * Mouse, wheel and fingers on a canvas, as pan, zoom, click and hover. The wheel zooms when the canvas has the focus or Ctrl
 * is held, so that a page that is scrolled past does not get stuck in it. Knows no timeline.
 */
export interface Gestures {
  pan(dx: number, dy: number): void;
  zoom(factor: number, x: number): void;
  click(x: number, y: number): void;
  hover(x: number, y: number): void;
  leave(): void;
  reset(): void;
  /** Whether to tell how the wheel is made to zoom. */
  hint(shown: boolean): void;
}

/** Less is a click of an unsteady hand. */
const DRAG = 4;

export class Pointing {
  readonly #canvas: HTMLCanvasElement;
  readonly #gestures: Gestures;
  readonly #down: Map<number, { x: number; y: number }> = new Map();
  #moved = 0;
  #hinting = 0;

  constructor(canvas: HTMLCanvasElement, gestures: Gestures) {
    this.#canvas = canvas;
    this.#gestures = gestures;
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#release(event));
    canvas.addEventListener("pointercancel", (event) => this.#down.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => gestures.leave());
    canvas.addEventListener("dblclick", () => gestures.reset());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("blur", () => gestures.hint(false));
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0) return;
    if (this.#down.size === 0) this.#moved = 0;
    this.#down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    if (event.isTrusted) this.#canvas.setPointerCapture(event.pointerId);
  }

  #move(event: PointerEvent): void {
    const from = this.#down.get(event.pointerId);
    const x = event.offsetX;
    const y = event.offsetY;
    if (from === undefined) {
      this.#gestures.hover(x, y);
      return;
    }
    const dx = x - from.x;
    const dy = y - from.y;
    this.#moved += Math.abs(dx) + Math.abs(dy);
    if (this.#down.size === 2) this.#pinch(event.pointerId, from.x, x);
    else if (this.#moved > DRAG) this.#gestures.pan(dx, event.pointerType === "mouse" ? dy : 0);
    from.x = x;
    from.y = y;
  }

  #pinch(pointer: number, before: number, now: number): void {
    for (const [other, { x }] of this.#down) {
      if (other === pointer) continue;
      const wide = Math.abs(now - x);
      if (wide > 8) this.#gestures.zoom(Math.abs(before - x) / wide, (now + x) / 2);
    }
  }

  #release(event: PointerEvent): void {
    if (!this.#down.delete(event.pointerId) || this.#moved > DRAG) return;
    this.#gestures.click(event.offsetX, event.offsetY);
  }

  #wheel(event: WheelEvent): void {
    const focused = document.activeElement === this.#canvas;
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const step = event.deltaMode === 1 ? 16 : 1;
    if (sideways) {
      event.preventDefault();
      this.#gestures.pan(-(event.deltaX || event.deltaY) * step, 0);
    } else if (focused || event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.#gestures.zoom(Math.exp(event.deltaY * step * 0.0022), event.offsetX);
    } else {
      this.#gestures.hint(true);
      window.clearTimeout(this.#hinting);
      this.#hinting = window.setTimeout(() => this.#gestures.hint(false), 1200);
    }
  }
}
