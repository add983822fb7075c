/**
 * What the address of the page says after its `#`: which task, what is looked for, how the rows stand, which part of the time.
 * `#task=load west&filter=503&only=failed&rows=slot&colour=tag&zoom=1.2s-3s`, all of it optional, in any order; parts of
 * others stay as they are. Knows no window.
 */
import { addressText, textOfAddress } from "../src/html/task-address.ts";
import { COLOURINGS, type Colouring } from "./colours.ts";
import { GROUPINGS, type Grouping } from "./rows.ts";
import { TIME_UNITS } from "./time-units.ts";

export interface Address {
  readonly task?: string | undefined;
  /** What older addresses say: the place of a task in the report. */
  readonly place?: number | undefined;
  readonly filter?: string | undefined;
  /** Names of the switches that are on. */
  readonly only?: readonly string[] | undefined;
  readonly rows?: Grouping | undefined;
  readonly colour?: Colouring | undefined;
  /** Microseconds. */
  readonly zoom?: readonly [from: number, to: number] | undefined;
  /** What it does not know. */
  readonly others?: readonly string[] | undefined;
}

/** Whether it says anything of that, and is not the name of a place on the page. */
export function isAddress(hash: string): boolean {
  return hash.startsWith("#") && hash.includes("=");
}

/** What makes no sense is left out. */
export function readAddress(hash: string): Address {
  const said = new Map<string, string>();
  const others: string[] = [];
  for (const part of hash.replace(/^#/, "").split("&")) {
    const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(part) ?? [];
    if (KNOWN.has(name)) said.set(name, textOfAddress(value));
    else if (name !== "") others.push(part);
  }
  const place = said.get("t");
  const only = said.get("only");
  return {
    task: said.get("task"),
    place: place !== undefined && /^\d+$/.test(place) ? Number(place) : undefined,
    filter: said.get("filter"),
    only: only?.split(","),
    rows: GROUPINGS.find((one) => one === said.get("rows")),
    colour: COLOURINGS.find((one) => one === said.get("colour")),
    zoom: readZoom(said.get("zoom") ?? ""),
    others,
  };
}

/** Empty where there is nothing to say. */
export function writeAddress(address: Address): string {
  const { task, place, filter = "", only = [], rows, colour, zoom, others = [] } = address;
  const parts = [
    task === undefined ? "" : `task=${addressText(task)}`,
    place === undefined ? "" : `t=${place}`,
    filter === "" ? "" : `filter=${addressText(filter)}`,
    only.length === 0 ? "" : `only=${only.map(addressText).join(",")}`,
    rows === undefined ? "" : `rows=${rows}`,
    colour === undefined ? "" : `colour=${colour}`,
    zoom === undefined ? "" : `zoom=${zoom.map((us) => `${us / 1_000_000}s`).join("-")}`,
    ...others,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : `#${parts.join("&")}`;
}

const KNOWN: ReadonlySet<string> = new Set([
  "task",
  "t",
  "filter",
  "only",
  "rows",
  "colour",
  "zoom",
]);

/** `1.2s-3s`, `500ms-2min`. */
function readZoom(text: string): readonly [number, number] | undefined {
  const [, from, fromUnit, to, toUnit] =
    /^(\d+(?:\.\d+)?)(ms|s|m|min|h)?-(\d+(?:\.\d+)?)(ms|s|m|min|h)?$/.exec(text) ?? [];
  const fromUs = Number(from) * (TIME_UNITS[fromUnit ?? "s"] ?? 0);
  const toUs = Number(to) * (TIME_UNITS[toUnit ?? "s"] ?? 0);
  return fromUs < toUs ? [fromUs, toUs] : undefined;
}
