/**
 * JSON for programs of others. Half a surrogate pair, which a text that was cut inside a character ends in, is legal JSON as
 * an escape, and yet jq, Go's protojson and Rust's serde refuse the whole document for it; here U+FFFD stands for it.
 * Our own documents (`renderJson`, the event log) are not written with this: they give back every name as it was.
 */

export function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  // JSON.stringify escapes halves of pairs and nothing else from U+D800 to U+DFFF. Every escape is looked at, so that a
  // backslash which is itself escaped is not taken for the start of one.
  return json.replace(/\\(?:ud[89a-f][\da-f]{2}|.)/g, (escaped) =>
    escaped.startsWith("\\ud") ? "\ufffd" : escaped,
  );
}
