import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";
import { DASHBOARDS, dashboard } from "./mixin.ts";

const TYPES = fileURLToPath(import.meta.resolve("./grafana-types.ts"));

/** What the compiler says of dashboards that are written as values of that type, by their names. */
function complaints(dashboards: Readonly<Record<string, unknown>>): Record<string, string[]> {
  const texts = new Map(
    Object.entries(dashboards).map(([name, value]) => [
      join(import.meta.dirname, `${name}.ts`),
      `import type { Drawn } from ${JSON.stringify(TYPES)};\nexport const drawn: Drawn = ${JSON.stringify(value)};`,
    ]),
  );
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    allowImportingTsExtensions: true,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile;
  host.getSourceFile = (name, version) => {
    const text = texts.get(name);
    return text === undefined ? read(name, version) : ts.createSourceFile(name, text, version);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  expect(ts.getPreEmitDiagnostics(program, program.getSourceFile(TYPES))).toEqual([]);
  const said = (file: string): string[] =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
  return Object.fromEntries(
    Object.keys(dashboards).map((name, at) => [name, said([...texts.keys()][at] as string)]),
  );
}

test("every dashboard is one by Grafana's own types", () => {
  const all = Object.fromEntries(DASHBOARDS.map((name) => [name, dashboard(name)]));
  const none = Object.fromEntries(DASHBOARDS.map((name) => [name, []]));
  expect(complaints(all)).toEqual(none);
});

test("what Grafana has no word for is found, in a dashboard, a panel, its options and its queries", () => {
  const [name] = DASHBOARDS;
  const fine = dashboard(name);
  const having = (more: object): unknown => ({
    ...fine,
    panels: fine.panels.map((panel) => ({ ...panel, ...more })),
  });
  const wrong = {
    tooltip: { ...fine, graphTooltip: 7 },
    type: having({ type: "timeserie" }),
    options: having({ options: { legend: { displayMode: "lists" } } }),
    targets: having({ targets: [{ refId: "A", expression: "up" }] }),
  };
  for (const [place, said] of Object.entries(complaints(wrong))) {
    expect(said, place).not.toEqual([]);
  }
});
