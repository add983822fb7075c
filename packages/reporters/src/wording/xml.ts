/**
 * Text and attribute values of XML 1.0 (w3.org/TR/xml). Most control characters are forbidden even as references, so they
 * are shown by signs; a line break in an attribute must be a reference or the parser turns it into a space.
 */

/** Not in XML at all: controls but tab and line breaks, halves of pairs, U+FFFE and U+FFFF. */
const FORBIDDEN = /(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

export function xmlText(text: string): string {
  return legal(text)
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/\r/g, "&#13;");
}

export function xmlAttribute(text: string): string {
  return xmlText(text).replace(/"/g, "&quot;").replace(/\t/g, "&#9;").replace(/\n/g, "&#10;");
}

function legal(text: string): string {
  return text.replace(FORBIDDEN, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
  });
}
