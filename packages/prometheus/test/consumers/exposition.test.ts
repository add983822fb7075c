/** The text that is written, read by the strictest readers there are. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LiveApp, liveApp, type Target } from "./live-app.ts";
import { run, until } from "./program.ts";

let app: LiveApp;
beforeAll(async () => {
  app = await liveApp();
  const seen = ['result="cancellation"', 'result="timeout"', 'flow="nightly",result="success"} 2'];
  await until(async () => {
    const texts = await Promise.all(app.targets.map((target) => target.metrics()));
    return texts.every((text) => seen.every((part) => text.includes(part)));
  });
});
afterAll(() => app?.stop());

async function texts(wanted: (target: Target) => boolean): Promise<[job: string, text: string][]> {
  const targets = app.targets.filter(wanted);
  expect(targets.length).toBe(2);
  return Promise.all(
    targets.map(async (target) => [target.job, await target.metrics()] as [string, string]),
  );
}

test("promtool check metrics has nothing to say about the classic format, with either client", async () => {
  for (const [job, text] of await texts(({ openMetrics }) => !openMetrics)) {
    expect(run("promtool", ["check", "metrics"], text), job).toEqual({ code: 0, text: "" });
  }
  const wrong = "# HELP a_total x\n# TYPE a_total gauge\na_total 1\n";
  expect(run("promtool", ["check", "metrics"], wrong).code).not.toBe(0);
});

/** Prints the families; the parser raises at the first thing that the specification forbids. */
const STRICT = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    exemplars = sum(1 for sample in family.samples if sample.exemplar)
    print(family.name, family.type, len(family.samples), exemplars)
`;

test("a strict OpenMetrics parser reads every family, exemplars included, with either client", async () => {
  for (const [job, text] of await texts(({ openMetrics }) => openMetrics)) {
    const { code, text: told } = run("/usr/bin/python3", ["-c", STRICT], text);
    expect(code, `${job}: ${told}`).toBe(0);
    const families = new Map(
      told
        .trim()
        .split("\n")
        .map((line) => {
          const [name = "", type = "", samples, exemplars] = line.split(" ");
          return [name, { type, samples: Number(samples), exemplars: Number(exemplars) }];
        }),
    );
    expect(families.get("astrum_tasks")?.type).toBe("counter");
    expect(families.get("astrum_tasks_active")?.type).toBe("gauge");
    expect(families.get("astrum_task_duration_seconds")?.exemplars).toBeGreaterThan(0);
    expect(families.get("astrum_task_attempts")?.exemplars).toBeGreaterThan(0);
    expect(families.size).toBe(18);
  }
  const twice = "# TYPE a gauge\na 1\n# TYPE a counter\na_total 1\n# EOF\n";
  expect(run("/usr/bin/python3", ["-c", STRICT], twice).code).not.toBe(0);
});
