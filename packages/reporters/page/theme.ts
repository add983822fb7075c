/**
 * Light or dark other than the system has it, for as long as the page is open: the rule of the style sheet for dark screens is
 * made to hold always or never, so that there is one list of colours.
 */
import { element } from "./element.ts";

export function offerTheme(place: Element | null, changed: () => void): void {
  const rule = darkRule();
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  if (place === null || rule === undefined) {
    system.addEventListener("change", changed);
    return;
  }
  const whole = rule.media.mediaText;
  /** What the reader chose; undefined for what the system has. */
  let chosen: boolean | undefined;
  const isDark = (): boolean => chosen ?? system.matches;
  const button = element("button", { type: "button" });
  const show = (): void => {
    rule.media.mediaText = chosen === undefined ? whole : chosen ? "screen" : "not all";
    document.documentElement.style.colorScheme =
      chosen === undefined ? "" : chosen ? "dark" : "light";
    button.textContent = isDark() ? "Light" : "Dark";
    changed();
  };
  button.addEventListener("click", () => {
    const dark = !isDark();
    chosen = dark === system.matches ? undefined : dark;
    show();
  });
  system.addEventListener("change", show);
  show();
  place.append(button);
}

function darkRule(): CSSMediaRule | undefined {
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (rule instanceof CSSMediaRule && rule.conditionText.includes("prefers-color-scheme"))
        return rule;
    }
  }
  return undefined;
}
