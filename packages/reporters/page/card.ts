/**
 * The card of the run, which the page holds as SVG, as a PNG: for the clipboard, or as a file where the clipboard takes no
 * pictures. Draws nothing itself, and asks nobody for anything.
 */
import { byId } from "./element.ts";
import { tellOn } from "./told-button.ts";

const WIDTH = 1200;
const HEIGHT = 630;

/** Shows the button; `say` tells a screen reader what became of it. */
export function offerCard(say: (text: string) => void): void {
  const button = document.querySelector<HTMLButtonElement>("[data-card]");
  if (button === null) return;
  button.hidden = false;
  button.addEventListener("click", () => void handOver(button, say));
}

async function handOver(button: HTMLButtonElement, say: (text: string) => void): Promise<void> {
  button.disabled = true;
  const done = await copied()
    .catch(saved)
    .catch(() => "Cannot copy here");
  button.disabled = false;
  tellOn(button, done);
  say(done);
}

async function copied(): Promise<string> {
  // Handed over before it is drawn: some browsers take it only in the moment of the click.
  const item = new ClipboardItem({ "image/png": picture() });
  await navigator.clipboard.write([item]);
  return "Copied";
}

async function saved(): Promise<string> {
  const address = URL.createObjectURL(await picture());
  const link = document.createElement("a");
  link.href = address;
  link.download = "run.png";
  link.click();
  URL.revokeObjectURL(address);
  return "Saved as run.png";
}

async function picture(): Promise<Blob> {
  const svg: unknown = JSON.parse(byId("card").textContent);
  const image = new Image(WIDTH, HEIGHT);
  image.src = `data:image/svg+xml,${encodeURIComponent(String(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob === null) throw new Error("The picture could not be made.");
  return blob;
}
