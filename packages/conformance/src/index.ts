export { testObserver } from "./observer.ts";
export { type RunnerUnderTest, testRunner } from "./runner.ts";
