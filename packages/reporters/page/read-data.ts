/** The data of the page, unpacked where it is packed. */
import { unpacked } from "../src/html/packing.ts";
import type { PageData } from "../src/html/page-data.ts";

/** Undefined in a browser that cannot decompress: the page stays as it is without the script. */
export async function readData(holder: HTMLElement): Promise<PageData | undefined> {
  const text = holder.textContent ?? "";
  if (holder.getAttribute("type") === "application/json") return unpacked(JSON.parse(text));
  if (typeof DecompressionStream === "undefined") return undefined;
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return unpacked(JSON.parse(await new Response(stream).text()));
}
