/** A canvas that is sharp on every screen: its size in the page's pixels, its dots in the screen's. */
export class Surface {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  width = 0;
  height = 0;
  #ratio = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("This browser draws on no canvas.");
    this.context = context;
  }

  resize(width: number, height: number): void {
    const ratio = window.devicePixelRatio || 1;
    if (width === this.width && height === this.height && ratio === this.#ratio) return;
    this.width = width;
    this.height = height;
    this.#ratio = ratio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
  }

  clear(): CanvasRenderingContext2D {
    this.context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    return this.context;
  }
}

/** As much of a text as fits, the last sign an ellipsis when something was cut off. */
export function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  // No sign is narrower: what is far too long is not measured whole.
  let shown = text.slice(0, Math.max(1, Math.floor(width / 2)));
  if (shown === text && context.measureText(text).width <= width) return text;
  while (shown !== "") {
    const measured = context.measureText(`${shown}…`).width;
    if (measured <= width) return `${shown}…`;
    const keep = Math.floor((shown.length * width) / measured);
    shown = shown.slice(0, Math.min(shown.length - 1, Math.max(0, keep)));
  }
  return "";
}
