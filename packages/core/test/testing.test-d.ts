/** What the compiler must accept and must refuse of the entry for tests. */
import { expectTypeOf } from "vitest";
import { DynamicScheduler, type ExecutionReport, flow, task } from "../src/index.ts";
import { testRun, VirtualClock } from "../src/testing.ts";

const page = flow("page", { card: task("card", () => "card") });
expectTypeOf(
  testRun(page, { stubs: { user: { id: 7 } }, clock: new VirtualClock(), concurrency: 2 }),
).toEqualTypeOf<Promise<ExecutionReport<{ readonly card: string }>>>();
expectTypeOf(testRun(page)).resolves.toHaveProperty("unwrap");
// @ts-expect-error stand-ins have names
void testRun(page, { stubs: ["user"] });
// @ts-expect-error there is no such option
void testRun(page, { stub: { user: 1 } });
// @ts-expect-error a scheduler is given its functions when it is made
void testRun(new DynamicScheduler([], []));
