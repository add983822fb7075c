/**
 * A dashboard by Grafana's own types, of the panels that are drawn here too. Words of an enumeration are texts in a file.
 * What has a default may be missing, `expr` is of the data source for Prometheus, and `definition` is what Grafana's editor
 * writes.
 */
import type { Dashboard, Panel, VariableModel } from "@grafana/schema";
import type * as bargauge from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen.d.ts";
import type * as heatmap from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen.d.ts";
import type * as stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts";
import type * as timeseries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts";

type Leaf = number | boolean | null | undefined;
type File<T> = T extends string
  ? `${T}`
  : T extends Leaf
    ? T
    : unknown extends T
      ? T
      : { [K in keyof T]: File<T[K]> };
type Part<T> = T extends string
  ? `${T}`
  : T extends Leaf
    ? T
    : unknown extends T
      ? T
      : { [K in keyof T]?: Part<T[K]> };
type Config = NonNullable<Panel["fieldConfig"]>;
interface Target {
  refId: string;
  expr: string;
  legendFormat?: string;
  datasource?: { type?: string; uid?: string };
  format?: "time_series" | "table" | "heatmap";
  instant?: boolean;
  range?: boolean;
  exemplar?: boolean;
}
type Of<Type, Options, Custom> = Omit<
  File<Panel>,
  "type" | "options" | "fieldConfig" | "targets"
> & {
  type: Type;
  options?: Part<Options>;
  fieldConfig?: Omit<File<Config>, "defaults"> & {
    defaults: Omit<File<Config["defaults"]>, "custom"> & { custom?: Part<Custom> };
  };
  targets: Target[];
};
export type Drawn = Omit<File<Dashboard>, "panels" | "templating"> & {
  templating: { list: (File<VariableModel> & { definition?: string })[] };
  panels: (
    | Of<"stat", stat.Options, never>
    | Of<"bargauge", bargauge.Options, never>
    | Of<"timeseries", timeseries.Options, timeseries.FieldConfig>
    | Of<"heatmap", heatmap.Options, heatmap.FieldConfig>
  )[];
};
