/** How much of a resource is enough, by trying: the knee of slots, of a resource. Knows no advice. */
import type { WhatIf } from "@astrum/core/whatif";

/** A run that takes longer by this share than without the limit has enough. */
const NOTHING = 0.01;
/** Of bytes not each one is tried. */
const STEPS = 100;

export interface EnoughUnits {
  readonly units: number;
  readonly makespanMs: number;
}

/**
 * An amount above `had` with which the run takes at most 1 % longer than without the limit: doubled until it is enough, then
 * halved between the last two, to a hundredth of `had`. Of the amounts that were tried no smaller one is enough. Nothing
 * where none is found.
 */
export function enoughUnits(study: WhatIf, name: string, had: number): EnoughUnits | undefined {
  const makespanOf = (units: number): number =>
    study.ask({ resources: { [name]: units } }).makespanMs;
  const enough = makespanOf(Number.POSITIVE_INFINITY) * (1 + NOTHING);
  const step = Math.max(1, Math.ceil(had / STEPS));
  let below = had;
  let found: EnoughUnits | undefined;
  const isEnough = (units: number): boolean => {
    const makespanMs = makespanOf(units);
    if (makespanMs <= enough) found = { units, makespanMs };
    else below = units;
    return makespanMs <= enough;
  };
  for (let units = Math.max(1, 2 * had); Number.isSafeInteger(units); units *= 2) {
    if (isEnough(units)) break;
  }
  while (found !== undefined && found.units - below > step) {
    const half = Math.floor((found.units - below) / 2 / step);
    isEnough(below + step * Math.max(1, half));
  }
  return found;
}
