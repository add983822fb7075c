/**
 * Prints the advice on six runs beside what happens when it is followed: on the virtual clock, and in real time, where hours
 * become seconds. `pnpm --filter @astrum/reporters advice`; docs/what-if.md has what it printed.
 */
import { VirtualClock } from "@astrum/core/testing";
import { advised, fixtures } from "./advised-runs.ts";

/** The system's clock, on which so many milliseconds pass for each of its own. */
class RealClock extends VirtualClock {
  readonly #speed: number;
  readonly #start: number = performance.now();

  constructor(speed: number) {
    super(Date.now());
    this.#speed = speed;
  }

  override now(): number {
    return (performance.now() - this.#start) * this.#speed;
  }

  override wallNow(): number {
    return super.wallNow() + this.now();
  }

  override after(ms: number, fire: () => void): () => void {
    const timer = setTimeout(fire, ms / this.#speed);
    return () => clearTimeout(timer);
  }

  override run<T>(promise: Promise<T>): Promise<T> {
    return promise;
  }
}

const SPEEDS: Readonly<Record<string, number>> = { hours: 3600 };

console.log("| run | if | predicted | then took | in real time: predicted | then took | off |");
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const [name, fixture] of Object.entries(fixtures)) {
  const speed = SPEEDS[name] ?? 1;
  const real = await advised(fixture, () => new RealClock(speed));
  for (const row of await advised(fixture)) {
    const same = real.find((one) => one.if === row.if);
    const off = same && Math.abs(same.predicted - same.real) / same.real;
    const cells = [
      name,
      row.if,
      text(row.predicted),
      text(row.real),
      text(same?.predicted),
      text(same?.real),
      off === undefined ? "–" : `${(off * 100).toFixed(1)} %`,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

function text(ms: number | undefined): string {
  if (ms === undefined) return "–";
  return ms < 60_000 ? `${Math.round(ms)} ms` : `${(ms / 60_000).toFixed(1)} min`;
}
