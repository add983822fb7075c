/** The metrics of the CI/CD conventions, for those who ask for them: the same runs under the names that others know. */
import type { RunResult } from "@astrum/core";
import type { Attributes, Context, Counter, Histogram } from "@opentelemetry/api";
import { BUCKETS, type Instruments } from "./instruments.ts";

interface Made {
  readonly duration: Histogram;
  readonly errors: Counter;
}

const made = new WeakMap<Instruments, Made>();

export class CicdMetrics {
  readonly #made: Made;
  readonly #pipeline: Attributes;

  constructor(instruments: Instruments, flow: string) {
    this.#made = made.get(instruments) ?? make(instruments);
    made.set(instruments, this.#made);
    this.#pipeline = { "cicd.pipeline.name": flow };
  }

  failed(errorType: string): void {
    this.#made.errors.add(1, { ...this.#pipeline, "error.type": errorType });
  }

  ended(seconds: number, result: RunResult, why: Attributes, context: Context): void {
    const attributes = {
      ...this.#pipeline,
      "cicd.pipeline.run.state": "executing",
      "cicd.pipeline.result": result,
      ...why,
    };
    this.#made.duration.record(seconds, attributes, context);
  }
}

function make({ meter, flows }: Instruments): Made {
  meter
    .createObservableUpDownCounter("cicd.pipeline.run.active", {
      description: "Pipeline runs under way",
      unit: "{run}",
    })
    .addCallback((result) => {
      for (const [flow, { live }] of flows) {
        result.observe(live.size, {
          "cicd.pipeline.name": flow,
          "cicd.pipeline.run.state": "executing",
        });
      }
    });
  return {
    duration: meter.createHistogram("cicd.pipeline.run.duration", {
      description: "How long pipeline runs took",
      unit: "s",
      advice: { explicitBucketBoundaries: BUCKETS },
    }),
    errors: meter.createCounter("cicd.pipeline.run.errors", {
      description: "Tasks of pipeline runs that failed",
      unit: "{error}",
    }),
  };
}
