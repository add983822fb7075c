/**
 * What a run would take with other numbers, and what a plan would take before it runs. An entry of its own,
 * `@astrum/core/whatif`; it reads no clock and calls no task, and works in a browser.
 */
export type { Change } from "./whatif/changes.ts";
export type { Knee } from "./whatif/knee.ts";
export type { Prediction } from "./whatif/prediction.ts";
export { type SimulateOptions, simulate } from "./whatif/simulate.ts";
export type { SimulatedAttempt } from "./whatif/simulated-attempt.ts";
export { type ChangedPrediction, type WhatIf, whatIf } from "./whatif/what-if.ts";
