/**
 * The values of a label, kept few. A label with a value for every user or file makes a series for each, in every
 * process, for as long as Prometheus keeps them. Knows names; not what they are names of.
 */
import type { Warnings } from "./warning.ts";

/** Stands for every value beyond the limit. */
export const OTHER = "_other";

export interface LabelLimit {
  readonly label: "flow" | "task";
  readonly max: number;
  /** Only these, without a limit. */
  readonly allow?: readonly string[] | undefined;
}

/** `seen` is shared by all that write to one registry; it is what the limit counts. */
export function boundedLabel(
  { label, max, allow }: LabelLimit,
  seen: Set<string>,
  warnings: Warnings,
): (value: string) => string {
  if (allow !== undefined) {
    const allowed = new Set(allow);
    return (value) => (allowed.has(value) ? value : OTHER);
  }
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size < max) {
      seen.add(value);
      return value;
    }
    warnings.once(
      `ASTRUM_PROMETHEUS_${label.toUpperCase()}_LABELS`,
      `The label "${label}" has ${max} values; "${value}" and all further ones are counted as "${OTHER}". Names should be few: use map() for what is many, list those that matter in \`labels.allow\`, or raise \`labels.maxValues\`.`,
    );
    return OTHER;
  };
}
