/**
 * How a task stands in the address of the page, `#task=load%20west`: by its name, so that it can be written by hand and means
 * the same task in the next report. Brackets, slashes and colons stay as they are. Knows neither HTML nor a browser.
 */

/** A name that is longer makes no address that people pass on. */
const LONGEST = 300;

/** By its place where its name is too long for an address. */
export function taskAddress(name: string, place: number): string {
  return name.length > LONGEST ? `#t=${place}` : `#task=${addressText(name)}`;
}

/** The id of the element that this leads to: browsers look for what an address says once it is decoded. */
export function taskId(name: string, place: number): string {
  return name.length > LONGEST ? `t=${place}` : `task=${name}`;
}

/** What stands for itself in the value of a part of the address, and nothing else. */
export function addressText(text: string): string {
  return encodeURIComponent(text).replace(/%(?:2F|3A|5B|5D|2C|40)/g, decodeURIComponent);
}

/** As it was before `addressText()`, and as somebody wrote it who knows nothing of codes. */
export function textOfAddress(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
