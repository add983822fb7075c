export { testObserver } from "./observer.ts";
export { type RandomRun, randomRun } from "./random-run.ts";
export { type RunnerUnderTest, testRunner } from "./runner.ts";
export { type Teller, testVerdicts, type Verdicts, verdictsOf } from "./verdicts.ts";
