/** Test runners and loaders, each with the settings that it comes with, in projects of CommonJS where that is the habit. */
import { describe, expect, test } from "vitest";
import { bin, readTool, type User, user } from "./user.ts";

/** A service as one writes it, in TypeScript. */
const service = `
  import { flow, optional, task, type ExecutionReport } from "@astrum/core";
  import { renderText } from "@astrum/reporters";
  import { otelObserver } from "@astrum/otel";

  const user = task("user", async () => ({ id: 7, name: "Ada" }), { timeoutMs: 60_000 });
  const team = task("team", { user }, async ({ user }): Promise<string> => {
    if (user.id === 7) throw new Error("no team today");
    return "team";
  }, { onFailure: "ignore", retry: { attempts: 2, backoff: "fixed", baseMs: 3_600_000 } });
  const card = task("card", { user, team: optional(team) }, ({ user, team }) => user.name + " of " + (team ?? "no team"));

  export class CardService {
    readonly #flow = flow("card", { card });
    run(): Promise<ExecutionReport<{ readonly card: string }>> {
      return this.#flow.run({ observers: [otelObserver()] });
    }
    async card(): Promise<string> {
      const report = await this.run();
      if (!renderText(report).includes("no team today")) throw new Error("The text does not say why");
      return report.unwrap().card;
    }
  }
`;

/** Its test, with the timers of Jest; `runner` is its global. */
const fakedTimers = (runner: "jest" | "vi", load: string): string => `
  ${load}
  beforeEach(() => { ${runner}.useFakeTimers(); });
  afterEach(() => { ${runner}.useRealTimers(); });

  test("two retries an hour apart take no time", async () => {
    const running = new CardService().card();
    await ${runner}.advanceTimersByTimeAsync(2 * 3_600_000);
    expect(await running).toBe("Ada of no team");
    expect(${runner}.getTimerCount()).toBe(0);
  });

  test("a virtual clock does the same without faked timers", async () => {
    ${runner}.useRealTimers();
    const clock = new VirtualClock();
    const slow = flow("slow", { late: task("late", (_, { signal }) => new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    }), { timeoutMs: 60_000 }) });
    const report = await testRun(slow, { clock });
    expect(report.executionState).toBe("failed");
    expect(report.executionDurationMs).toBe(60_000);
  });
`;

const required = `
  const { flow, task } = require("@astrum/core");
  const { testRun, VirtualClock } = require("@astrum/core/testing");
  const { CardService } = require("./service");
`;
const imported = `
  import { flow, task } from "@astrum/core";
  import { testRun, VirtualClock } from "@astrum/core/testing";
  import { CardService } from "./service";
`;

const jest = bin("jest", "bin/jest.js");
const tsc = bin("typescript", "bin/tsc");

async function passesIn(app: User, count: number): Promise<void> {
  const { stderr } = await app.run(process.execPath, [jest, "--ci"]);
  expect(stderr).toContain(`Tests:       ${count} passed, ${count} total`);
}

test("Jest, in a project of CommonJS without any setting", async () => {
  const { stdout } = await user("transpiled", {}).run(process.execPath, [
    "-e",
    `const ts = require(${JSON.stringify(bin("typescript", "lib/typescript.js"))});
     console.log(ts.transpile(${JSON.stringify(service)}, { module: 1, target: 9 }));`,
  ]);
  const app = user("jest", {
    "package.json": { name: "app", private: true },
    "service.js": stdout,
    "service.test.js": fakedTimers("jest", required),
    "formats.test.js": `
      const { reporters } = require("@astrum/reporters");
      const { printSummary } = require("@astrum/reporters/terminal");
      const { prometheusObserver } = require("@astrum/prometheus");
      const client = require("prom-client");
      const { flow, task } = require("@astrum/core");
      test("reports and metrics", async () => {
        const report = await flow("f", { a: task("a", () => 1) }).run({ observers: [prometheusObserver({ client })] });
        for (const { render } of Object.values(reporters)) expect(typeof render(report)).toBe("string");
        let written = "";
        printSummary(report, { stream: { write: (text) => { written += text; return true; } } });
        expect(written).toContain("completed");
        expect(await client.register.metrics()).toContain("astrum_");
      });`,
  });
  await passesIn(app, 3);
});

test("ts-jest, with the compiler's old resolution of modules", async () => {
  const app = user("ts-jest", {
    "package.json": {
      name: "app",
      private: true,
      jest: { preset: "ts-jest", testEnvironment: "node" },
    },
    "tsconfig.json": {
      compilerOptions: {
        target: "es2022",
        module: "commonjs",
        moduleResolution: "node10",
        strict: true,
        esModuleInterop: true,
        types: ["node", "jest"],
      },
    },
    "globals.d.ts":
      "declare const jest: any, test: any, expect: any, beforeEach: any, afterEach: any;",
    "service.ts": service,
    "service.test.ts": `/// <reference path="./globals.d.ts" />\n${fakedTimers("jest", imported)}`,
  });
  await passesIn(app, 2);
});

describe.each(["10", "11", "12"])("NestJS %s, with the settings of a new application", (major) => {
  const template = readTool(`nest-${major}/dist/lib/application/files/ts/tsconfig.json`);
  const settings = JSON.parse(template.replace(/<%= strict %>/g, "true")) as {
    compilerOptions: Record<string, unknown>;
  };
  const manifest = readTool(`nest-${major}/dist/lib/application/files/ts/package.json`);

  test("compiles, and runs what it compiled to", async () => {
    const app = user(`nest-${major}`, {
      "package.json": { name: "app", private: true, ...moduleKind(manifest) },
      "tsconfig.json": { ...settings, files: ["src/main.ts"] },
      "src/service.ts": service,
      "src/main.ts": `
        import { CardService } from "./service${moduleKind(manifest).type === "module" ? ".js" : ""}";
        import { VirtualClock } from "@astrum/core/testing";
        import { progress } from "@astrum/reporters/terminal";
        import { prometheusObserver } from "@astrum/prometheus";
        console.log(typeof CardService, typeof VirtualClock, typeof progress, typeof prometheusObserver);
      `,
    });
    await app.run(process.execPath, [tsc, "-p", "."]);
    const { stdout } = await app.run(process.execPath, ["dist/main.js"], { mayFail: true });
    const built = stdout === "" ? "dist/src/main.js" : "dist/main.js";
    const ran = await app.run(process.execPath, [built]);
    expect(ran.stdout.trim()).toBe("function function function function");
  });
});

/** As the manifest of the template says: it holds placeholders, so that it is no JSON. */
function moduleKind(manifest: string): { readonly type?: "module" } {
  return /"type":\s*"module"/.test(manifest) ? { type: "module" } : {};
}

test("Vitest, with its faked timers", async () => {
  const app = user("vitest", {
    "package.json": { name: "app", private: true, type: "module" },
    "service.ts": service,
    "service.test.ts": `
      import { afterEach, beforeEach, expect, test, vi } from "vitest";
      ${fakedTimers("vi", imported)}`,
  });
  const { stdout } = await app.run(process.execPath, [
    bin("vitest", "vitest.mjs"),
    "run",
    "--root",
    ".",
  ]);
  expect(stdout).toMatch(/Tests\s+2 passed \(2\)/);
});

const main = `
  import { CardService } from "./service";
  import { flow, task } from "@astrum/core";
  import { testRun } from "@astrum/core/testing";
  const two: Promise<number> = testRun(flow("f", { two: task("two", () => 2) })).then((report) => report.unwrap().two);
  two.then((value) => console.log(value, typeof new CardService().card));
`;

describe.each(["commonjs", "module"])("In a package of type %s", (type) => {
  test("tsx runs a program", async () => {
    const app = user(`tsx-${type}`, {
      "package.json": { name: "app", private: true, type },
      "service.ts": service,
      "main.ts": main,
    });
    const { stdout } = await app.run(process.execPath, [bin("tsx", "dist/cli.mjs"), "main.ts"]);
    expect(stdout).toBe("2 function\n");
  });

  test("ts-node runs a program, and checks its types", async () => {
    const app = user(`ts-node-${type}`, {
      "package.json": { name: "app", private: true, type },
      "tsconfig.json": {
        compilerOptions:
          type === "module"
            ? { module: "nodenext", target: "es2022", strict: true, skipLibCheck: true }
            : { module: "commonjs", moduleResolution: "node10", target: "es2022", strict: true },
      },
      "service.ts": service,
      "main.ts": type === "module" ? main.replace("./service", "./service.js") : main,
    });
    const how =
      type === "module" ? ["--loader", bin("ts-node", "esm.mjs")] : [bin("ts-node", "dist/bin.js")];
    const { stdout } = await app.run(process.execPath, [...how, "main.ts"]);
    expect(stdout).toBe("2 function\n");
  });
});
