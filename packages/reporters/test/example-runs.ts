/** Runs as people have them, on a clock that does not wait: what the documentation shows and the benchmark measures. */
import { fileURLToPath } from "node:url";
import {
  flow,
  map,
  optional,
  type RunnerAttempt,
  type RunOptions,
  type SerializedReport,
  settled,
  type Task,
  task,
} from "@astrum/core";
import { type Step, scripted, VirtualClock } from "@astrum/core/testing";

export type ExampleName = "one" | "release" | "nightly" | "backfill";

const home = fileURLToPath(new URL("../../", import.meta.url));
const EPOCH = Date.UTC(2026, 10, 23, 2, 30);

export async function exampleRun(name: ExampleName): Promise<SerializedReport> {
  const clock = new VirtualClock(EPOCH);
  const chance = random(name.length * 31);
  const common: RunOptions = { clock, random: chance, runId: `${name}-2417` };
  const report = await { one, release, nightly, backfill }[name](clock, common, chance);
  // Stacks of the engine's own errors hold paths of this machine.
  const text = JSON.stringify(report.toJSON()).replaceAll(home, "/srv/app/node_modules/@astrum/");
  return JSON.parse(text) as SerializedReport;
}

type Report = Promise<{ toJSON(): SerializedReport }>;

function one(clock: VirtualClock, common: RunOptions): Report {
  const sitemap = task("sitemap", scripted(clock, { ms: 412.6, return: { urls: 1204 } }));
  return clock.run(flow("sitemap", { sitemap }).run({ concurrency: 2, ...common }));
}

/** Thirty tasks of a release on four slots: one flaky, one that fails for good and takes the deployment with it. */
function release(clock: VirtualClock, common: RunOptions): Report {
  const does = (...steps: Step[]): ReturnType<typeof scripted> => scripted(clock, ...steps);
  const seconds = (length: number): ReturnType<typeof scripted> =>
    does({ ms: length * 1000, return: "done" });
  const checkout = task("checkout", seconds(3.1));
  const install = task("install", { checkout }, seconds(21.4));
  const lint = task("lint", { install }, seconds(12.8));
  const types = task("types", { install }, seconds(24.9));
  const audit = task("licences", { install }, seconds(4.2), { onFailure: "ignore" });
  const packages = ["core", "client", "server", "worker"].map((name, index) => ({
    name,
    build: task(`build ${name}`, { install }, seconds([38.2, 51.7, 29.3, 17.6][index] ?? 20), {
      tags: ["build"],
    }),
  }));
  const unit = packages.map(({ name, build }, index) =>
    task(
      `unit ${name}`,
      { build },
      name === "client"
        ? does(
            {
              ms: 9_400,
              throw: failure(
                "Timeout: expected 3 rows within 5000 ms, got 2",
                "rows.test.ts:88:11",
              ),
            },
            { ms: 31_200, return: 412 },
          )
        : seconds([42.5, 31.2, 27.8, 14.4][index] ?? 20),
      { retry: { attempts: 2, backoff: "exponential", baseMs: 2000 }, tags: ["test"] },
    ),
  );
  const built = Object.fromEntries(packages.map(({ name, build }) => [name, build]));
  const image = task("image", built, seconds(46.3));
  const browsers = ["chromium", "firefox", "webkit", "mobile"].map((name, index) =>
    task(`e2e ${name}`, { image }, seconds([58.1, 63.4, 71.9, 49.2][index] ?? 60), {
      tags: ["test", "slow"],
      resources: { browsers: 1 },
    }),
  );
  const docs = task("docs", { types }, seconds(18.7));
  const size = task("bundle size", { client: packages[1]?.build ?? checkout }, seconds(6.3));
  const tested = Object.fromEntries(
    [...unit, ...browsers].map((each, index) => [`t${index}`, each]),
  );
  const staging = task("deploy staging", { image, lint, types }, seconds(22.6));
  const smoke = task(
    "smoke test",
    { staging },
    does({
      ms: 8_300,
      throw: failure(
        "GET https://staging.example.com/health answered 503 after 3 redirects",
        "health.ts:41:13",
        failure("upstream connect error: connection refused", "proxy.ts:112:9"),
      ),
    }),
    { retry: { attempts: 2, backoff: "exponential", baseMs: 4000 } },
  );
  const approve = task("approve", { smoke, ...tested }, seconds(1));
  const production = ["eu", "us", "ap"].map((region) =>
    task(`deploy ${region}`, { approve }, seconds(24)),
  );
  const purge = task(
    "purge cache",
    Object.fromEntries(production.map((each, index) => [`p${index}`, each])),
    seconds(2),
  );
  const changelog = task("changelog", { checkout }, seconds(2.4), {
    when: () => ({ skip: "no user-facing change since v4.17.2" }),
  });
  const summary = task(
    "summary",
    { smoke: settled(smoke), docs: optional(docs), audit: optional(audit), size: optional(size) },
    seconds(0.8),
  );
  const upload = task("upload traces", { summary }, seconds(40));
  const roots = { purge, changelog, summary };
  return clock.run(
    flow("release", roots, { tails: { upload } }).run({
      concurrency: 4,
      resources: { browsers: 2 },
      failure: "continue",
      attributes: { branch: "main", commit: "9f2c1ab" },
      ...common,
    }),
  );
}

/** Three hundred tasks on twelve slots of four threads, with maps, a shared limit and errors of other people's servers. */
function nightly(clock: VirtualClock, common: RunOptions, chance: () => number): Report {
  const does = (...steps: Step[]): ReturnType<typeof scripted> => scripted(clock, ...steps);
  const around = (ms: number): number => Math.round(ms * (0.4 + chance() * 1.2) * 10) / 10;
  const catalogue = task(
    "catalogue",
    does({ ms: 640, return: Array.from({ length: 120 }, (_, index) => index) }),
  );
  const fetch = map(
    "fetch",
    catalogue,
    (page: number, _, context) => {
      const fails = page % 17 === 11 && context.attempt === 1;
      const gone = page === 63;
      if (fails || gone) {
        const error = failure(
          gone
            ? "GET /catalogue/63 answered 410 Gone"
            : `GET /catalogue/${page} answered 429 Too Many Requests`,
          "http.ts:57:15",
        );
        return does({ ms: around(180), throw: error })({}, context);
      }
      return does({ ms: around(420), return: page })({}, context);
    },
    {
      concurrency: 8,
      retry: { attempts: 2, backoff: "exponential", baseMs: 300 },
      onFailure: "ignore",
    },
  );
  const parse = map(
    "parse",
    catalogue,
    (page: number, _, context) => does({ ms: around(240), return: page })({}, context),
    { concurrency: 4 },
  );
  const prices = task("prices", does({ ms: 2_900, return: 1 }), {
    timeoutMs: 2_000,
    onFailure: "ignore",
  });
  const regions = ["north", "east", "south", "west"];
  const loads = regions.map((region) =>
    task(
      `load ${region}`,
      { fetch: settled(fetch), parse },
      does({ ms: around(1_400), return: region }),
      {
        resources: { warehouse: 1 },
      },
    ),
  );
  const reports = regions.flatMap((region, index) =>
    Array.from({ length: 12 }, (_, month) =>
      task(
        `report ${region} ${String(month + 1).padStart(2, "0")}`,
        { load: loads[index] ?? catalogue },
        does({ ms: around(310), return: month }),
        { tags: ["report"] },
      ),
    ),
  );
  const totals = task(
    "totals",
    {
      ...Object.fromEntries(reports.map((each, index) => [`r${index}`, each])),
      prices: optional(prices),
    },
    does({ ms: 520, return: 1 }),
    { tags: ["report"] },
  );
  const mail = task("mail", { totals }, does({ ms: 260, return: "sent" }));
  const publish = task("publish", { totals }, does({ ms: 180, return: "published" }));
  const archive = task("archive", { totals }, does({ ms: 9_000, return: "stored" }));
  let threadsUsed = 0;
  const threads = (attempt: RunnerAttempt): unknown => {
    const { name } = attempt.info.task;
    const onThread = name.startsWith("parse") || name.startsWith("report");
    attempt.setExecutor(onThread ? `worker-${1 + (threadsUsed++ % 4)}` : "main");
    return attempt.run(...attempt.args, attempt.context);
  };
  return clock.run(
    flow("nightly", { mail, publish }, { tails: { archive } }).run({
      concurrency: 12,
      resources: { warehouse: 2 },
      failure: "continue",
      runner: threads,
      attributes: { branch: "main" },
      ...common,
    }),
  );
}

/** Ten thousand tasks: chunks that are read, converted and written one after the other, a hundred days of them. */
function backfill(clock: VirtualClock, common: RunOptions, chance: () => number): Report {
  const around = (ms: number): number => Math.round(ms * (0.3 + chance() * 1.4) * 10) / 10;
  const days: Task<unknown>[] = [];
  for (let day = 0; day < 100; day++) {
    const date = new Date(Date.UTC(2026, 7, 1 + day)).toISOString().slice(0, 10);
    const chunks = Array.from({ length: 33 }, (_, chunk) => {
      const name = `${date}/${String(chunk).padStart(2, "0")}`;
      const flaky: Step[] =
        chance() < 0.05
          ? [{ ms: around(60), throw: failure("ECONNRESET: socket hang up", "read.ts:18:3") }]
          : [];
      const bad = chance() < 0.0016;
      const broken: Step = {
        ms: around(90),
        throw: failure(`${name}: unexpected end of column 12`, "decode.ts:203:17"),
      };
      const options = { retry: { attempts: 2, backoff: "exponential", baseMs: 150 } } as const;
      const read = task(
        `read ${name}`,
        scripted(clock, ...flaky, { ms: around(120), return: 1 }),
        options,
      );
      const convert = task(
        `convert ${name}`,
        { read },
        scripted(clock, bad ? broken : { ms: around(200), return: 1 }),
        options,
      );
      return task(
        `write ${name}`,
        { convert },
        scripted(clock, { ms: around(80), return: 1 }),
        options,
      );
    });
    days.push(
      task(
        `index ${date}`,
        Object.fromEntries(chunks.map((each, index) => [`c${index}`, each])),
        scripted(clock, { ms: around(400), return: 1 }),
      ),
    );
  }
  return clock.run(
    flow("backfill", Object.fromEntries(days.map((day, index) => [`d${index}`, day]))).run({
      concurrency: 32,
      failure: "continue",
      ...common,
    }),
  );
}

/** An error whose stack is the same on every machine. */
function failure(message: string, place: string, cause?: Error): Error {
  const error = new Error(message, cause === undefined ? {} : { cause });
  error.stack = `Error: ${message}\n    at ${place.split(".")[0]} (/srv/app/src/${place})\n    at async retry (/srv/app/src/retry.ts:24:12)`;
  return error;
}

/** Mulberry32: the same numbers everywhere. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}
