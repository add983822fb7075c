import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DockerfileParser } from "dockerfile-ast";
import { validate } from "dockerfile-utils";
import { Deployment, type IDeployment } from "kubernetes-models/apps/v1/Deployment";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { workerCommand } from "../src/command/arguments.ts";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

const manifest = read("deploy/worker.yaml");
const [document, ...others] = parseAllDocuments(manifest);
const deployment = document?.toJS() as IDeployment & { spec: NonNullable<IDeployment["spec"]> };
const pod = deployment.spec.template.spec;
const container = pod?.containers[0];
const dockerfile = read("deploy/Dockerfile");

/** What the compiler says of each as an object of the API: every key is known, every value of its type. */
function faultsAsDeployments(objects: readonly unknown[]): string[][] {
  const file = fileURLToPath(new URL("./manifest.ts", import.meta.url));
  const lines = objects.map(
    (each, n) => `export const d${n}: IDeployment = ${JSON.stringify(each)};`,
  );
  // Each on the line of its number, from 1.
  const text = `${[`import type { IDeployment } from "kubernetes-models/apps/v1/Deployment";`, ...lines].join("\n")}\n`;
  const options = {
    module: ts.ModuleKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    types: [],
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, languageVersion) =>
    name === file
      ? ts.createSourceFile(name, text, languageVersion)
      : getSourceFile(name, languageVersion);
  const program = ts.createProgram([file], options, host);
  const faults = objects.map((): string[] => []);
  for (const { file: place, start = 0, messageText } of ts.getPreEmitDiagnostics(program)) {
    const line = place?.getLineAndCharacterOfPosition(start).line ?? 0;
    const told = ts.flattenDiagnosticMessageText(messageText, " ");
    (faults[line - 1] ?? expect.fail(told)).push(told);
  }
  return faults;
}

describe("The manifest for Kubernetes", () => {
  it("is one deployment that the API's schema accepts, without a key that it does not know", () => {
    expect(others).toEqual([]);
    expect(document?.errors).toEqual([]);
    new Deployment(deployment).validate();
    const misspelt = parseAllDocuments(manifest.replace("periodSeconds", "periodSecond"))[0];
    expect(faultsAsDeployments([deployment, misspelt?.toJS()])).toEqual([
      [],
      [expect.stringContaining("'\"periodSecond\"' does not exist")],
    ]);
  });

  it("selects its own pods, and probes a port that they have", () => {
    expect(deployment.spec.template.metadata?.labels).toMatchObject(
      deployment.spec.selector.matchLabels as object,
    );
    const ports = container?.ports?.map(({ name }) => name);
    expect(ports).toContain(container?.livenessProbe?.httpGet?.port);
    expect(ports).toContain(container?.readinessProbe?.httpGet?.port);
  });

  it("starts the command with options that it knows, serves where it is probed, and waits for the drain", () => {
    const command = workerCommand(container?.args ?? [], {});
    expect(command).toMatchObject({ mode: "serve", queue: "renders" });
    expect(container?.ports?.[0]?.containerPort).toBe(command.metricsPort);
    expect(deployment.spec.template.metadata?.annotations?.["prometheus.io/port"]).toBe(
      String(command.metricsPort),
    );
    const drainSeconds = (command.drainMs ?? 30_000) / 1_000;
    expect(pod?.terminationGracePeriodSeconds).toBeGreaterThan(drainSeconds + 2);
    const given = container?.env?.map(({ name }) => name);
    expect(given).toEqual(["REDIS_URL", "ASTRUM_SIGNING_KEY"]);
    for (const { value } of container?.env ?? []) expect(value).toBeUndefined();
  });
});

describe("The Dockerfile", () => {
  const parsed = DockerfileParser.parse(dockerfile);
  const instructions = parsed.getInstructions();
  const argumentsOf = (name: string): string[][] =>
    instructions
      .filter((instruction) => instruction.getKeyword() === name)
      .map((instruction) => instruction.getArguments().map((argument) => argument.getValue()));
  const list = (name: string): string[] =>
    argumentsOf(name).flatMap((given) => JSON.parse(given.join(" ")) as string[]);

  it("has no fault that the linter of Docker's editors finds, and copies from stages that it has", () => {
    expect(validate(dockerfile)).toEqual([]);
    expect(validate(dockerfile.replace("ENTRYPOINT", "ENTRYPIONT"))).toHaveLength(1);
    const stages = parsed.getFROMs().map((from) => from.getBuildStage());
    for (const copy of parsed.getCOPYs()) {
      const stage = copy.getFromFlag()?.getValue() ?? undefined;
      if (stage !== undefined) expect(stages).toContain(stage);
    }
  });

  it("runs a Node that the package supports, as a user who is not root, and hears SIGTERM", () => {
    for (const from of parsed.getFROMs()) {
      expect(from.getImageName()).toBe("node");
      expect(Number.parseInt(from.getImageTag() ?? "", 10)).toBeGreaterThanOrEqual(20);
    }
    expect(argumentsOf("USER")).toEqual([["node"]]);
    expect(list("ENTRYPOINT")[0]).toBe("node");
  });

  it("starts the command of the package, with options that it knows, on the port that it exposes", () => {
    const { bin, files } = JSON.parse(read("package.json")) as {
      bin: Record<string, string>;
      files: string[];
    };
    const [, path = ""] = list("ENTRYPOINT");
    expect(path).toBe(`node_modules/@astrum/bullmq/${bin["astrum-worker"]?.replace("./", "")}`);
    expect(files).toEqual(expect.arrayContaining(["deploy", "dist"]));
    expect(existsSync(new URL("../src/astrum-worker.ts", import.meta.url))).toBe(true);
    const command = workerCommand(list("CMD"), {});
    expect(command).toMatchObject({ mode: "serve", queue: "renders" });
    expect(argumentsOf("EXPOSE")).toEqual([[String(command.metricsPort)]]);
    expect(list("CMD")).toEqual(container?.args);
  });
});
