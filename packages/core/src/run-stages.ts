/** The documented algorithm: stages are barriers. */
import { Run } from "./run.ts";
export class StagedRun extends Run {}
