/** How many files a process may hold open, where the system sets such a limit. Opens none. */

/**
 * `asked`, or a quarter of what this process may have open if that is less: the rest is for the threads and the reports,
 * and for whatever else opens files. Reads that take all there is starve the rest, and each other on a busy machine.
 */
export function filesAtOnce(asked: number, limit: number = openFilesLimit()): number {
  return Math.min(asked, Math.max(1, Math.floor(limit / 4)));
}

/** `Infinity` where there is none (Windows). */
function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft: number | "unlimited" } };
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : Number.POSITIVE_INFINITY;
}
