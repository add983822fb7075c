/** The resources of a simulated run, which nobody else holds or spends anything of. Counts nothing. */
import { RateLimit } from "../drive/rate-limit.ts";
import type { Resource, Resources } from "../drive/resources.ts";

/** A semaphore is an amount when nobody else has it; a rate limit is one that nobody has spent of. */
export function alone(resources: Resources): Record<string, Resource> {
  const own = Object.entries(resources).map(([name, one]) => {
    if (one instanceof RateLimit) {
      const { limit, perMs, burst } = one;
      return [name, new RateLimit({ limit, perMs, burst })];
    }
    return [name, typeof one === "object" ? one.limit : one];
  });
  return Object.fromEntries(own) as Record<string, Resource>;
}
