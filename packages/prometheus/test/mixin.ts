/** The mixin as the tests read it: every query of its dashboards and rules, and the metrics that a query names. */
import { readFileSync } from "node:fs";
import { parser } from "@prometheus-io/lezer-promql";
import { parse } from "yaml";

export const MIXIN: string = new URL("../mixin", import.meta.url).pathname;
/** Of this package's metrics. */
export const OWN_DASHBOARDS = ["astrum-overview", "astrum-flow", "astrum-jobs"] as const;
/** And that of the names which @astrum/otel's metrics have in Prometheus. */
export const DASHBOARDS: readonly ["astrum-overview", "astrum-flow", "astrum-jobs", "astrum-otel"] =
  [...OWN_DASHBOARDS, "astrum-otel"];

export interface Dashboard {
  readonly uid: string;
  readonly tags: readonly string[];
  readonly panels: readonly Panel[];
  readonly editable: boolean;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly Variable[] };
}
interface Variable {
  readonly name: string;
  readonly definition?: string;
  readonly includeAll?: boolean;
  readonly allValue?: string;
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly title: string;
  readonly description: string;
  readonly fieldConfig: { readonly defaults: { readonly unit: string } };
  readonly datasource: { readonly uid: string };
  readonly targets: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat?: string;
  }[];
}

export function dashboard(name: (typeof DASHBOARDS)[number]): Dashboard {
  return JSON.parse(readFileSync(`${MIXIN}/dashboards/${name}.json`, "utf8"));
}

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

export function rules(file: "rules" | "alerts"): Rule[] {
  const { groups } = parse(readFileSync(`${MIXIN}/${file}.yaml`, "utf8"));
  return groups.flatMap((group: { rules: Rule[] }) => group.rules);
}

/** The query as Grafana would send it. */
export function filledIn(
  expr: string,
  { window, job = ".*" }: { window: string; job?: string },
): string {
  return expr
    .replaceAll("$__rate_interval", window)
    .replaceAll("$__range", window)
    .replaceAll("$job", job)
    .replaceAll("$instance", ".*")
    .replaceAll("$flow", ".*");
}

/** The names of metrics in a query. Throws at a query that is not PromQL. */
export function metricsOf(expr: string): string[] {
  const names: string[] = [];
  parser.parse(expr).iterate({
    enter(node) {
      if (node.type.isError) throw new SyntaxError(`at ${node.from} of ${expr}`);
      if (node.name === "VectorSelector") {
        const name = node.node.getChild("Identifier");
        if (name === null) throw new SyntaxError(`a selector without a name in ${expr}`);
        names.push(expr.slice(name.from, name.to));
      }
    },
  });
  return names;
}
