/** BullMQ's worker, which a job that is damaged does not stop. Knows no task. */
import { type Job, type JobJson, Worker } from "bullmq";

export class JobWorker extends Worker {
  /**
   * A job whose payload is no JSON throws here, before anybody could refuse it, and is taken again without end. So it comes
   * with none.
   */
  protected override createJob(json: JobJson, jobId: string): Job {
    try {
      return super.createJob(json, jobId);
    } catch {
      return super.createJob({ ...json, data: "null" }, jobId);
    }
  }
}
