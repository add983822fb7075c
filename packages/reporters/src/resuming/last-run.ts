/** Which run of a log the next one of its flow takes up: the last one, unless that completed. Knows no lock. */
import type { SerializedReport } from "@astrum/core";
import { readEventLog } from "../reading/read-event-log.ts";
import type { Encryption } from "../reading/sealed.ts";

export interface LastRun {
  /** None when the log holds no run of that flow. */
  readonly last: SerializedReport | undefined;
  readonly takenUp: SerializedReport | undefined;
}

/** @throws ReportFormatError when it is no event log, or a damaged one. */
export function lastRun(file: URL, flow: string, encryption: Encryption | undefined): LastRun {
  const report = readEventLog(file, { flow, encryption });
  const last = report.run.flow === undefined ? undefined : report;
  return { last, takenUp: last?.executionState === "completed" ? undefined : last };
}
