/**
 * What other tools call the options of this one. Only for the guess in a message: no synonym is accepted, and none is
 * here that is not a word of async, p-retry, p-limit, BullMQ, Inngest, Trigger.dev, Temporal, Airflow, Prefect, lage,
 * GitHub Actions or Docker Compose.
 */

const SYNONYMS: ReadonlyMap<string, readonly string[]> = new Map([
  ["attempts", ["limit", "maxAttempts", "maximumAttempts", "maxRetries", "retries", "times"]],
  ["attributes", ["labels", "metadata", "tags"]],
  ["baseMs", ["delay", "initialInterval", "interval", "minTimeout", "retryDelay"]],
  ["concurrency", ["limit", "maxConcurrency", "maxParallel", "parallel", "parallelism", "workers"]],
  ["deadlineMs", ["deadline", "maxDuration", "scheduleToCloseTimeout", "totalTimeout"]],
  ["dependencies", ["dependsOn", "depends", "deps", "needs", "requires", "upstream"]],
  ["estimates", ["durations", "weights"]],
  ["fallback", ["catch", "onErrorReturn", "orElse", "recover"]],
  ["failure", ["bail", "failFast", "onError"]],
  ["finally", ["always", "cleanup", "onExit", "teardown"]],
  ["finallyTasks", ["always", "cleanup", "finally", "onExit", "teardown"]],
  ["graceMs", ["gracePeriod", "killTimeout"]],
  ["ignoreTailTasks", ["tails", "tailTasks"]],
  ["jitter", ["randomize"]],
  ["maxMs", ["maxDelay", "maximumInterval", "maxTimeout"]],
  ["observers", ["hooks", "listeners", "plugins", "reporters"]],
  ["onFailure", ["allowFailure", "continueOnError", "ignoreFailure", "onError"]],
  ["output", ["schema"]],
  ["params", ["args", "inputs", "parameters"]],
  ["resources", ["pools"]],
  ["resumeFrom", ["resume"]],
  ["retry", ["attempts", "maxAttempts", "maxRetries", "retries"]],
  ["retryIf", ["retryOn", "shouldRetry"]],
  ["run", ["command", "execute", "fn", "handler", "processor"]],
  ["signal", ["abort", "abortController", "abortSignal", "cancellation"]],
  ["targets", ["only", "tasks"]],
  ["taskName", ["id", "name", "task", "taskId"]],
  ["taskRetries", ["retries", "retry"]],
  ["timeoutMs", ["executionTimeout", "timeLimit", "timeoutMinutes", "timeoutSeconds"]],
  ["when", ["condition", "enabled", "if"]],
]);

/** Which of the known names another tool would call so. */
export function synonymOf(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  return known.find((candidate) =>
    SYNONYMS.get(candidate)?.some((synonym) => plain(synonym) === wanted),
  );
}

/** `depends_on`, `depends-on` and `dependsOn` are one word. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}
