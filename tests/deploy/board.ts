// What a dashboard of ours may hold, by the types Grafana publishes. JSON has no enums, so `Plain` takes
// their values; each kind of panel must have the options and the field settings of its plugin.
import type { AnnotationQuery, Dashboard, Panel, RowPanel } from '@grafana/schema';
import type * as heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as timeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as series from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Plain<T> = unknown extends T ? T
  : T extends string ? `${T}`
  : T extends number ? (`${T}` extends `${infer N extends number}` ? N : never)
  : T extends boolean | null | undefined ? T
  : { [K in keyof T]: Plain<T[K]> };

// Of the Prometheus data source there are no published types; these fields are those of its query.
interface Target {
  refId: string;
  datasource: { type: 'prometheus'; uid: '${datasource}' };
  expr: string;
  legendFormat: string;
  format: 'time_series' | 'heatmap';
  instant: boolean;
  range: boolean;
}

interface Annotation extends AnnotationQuery {
  expr: string;
  titleFormat: string;
  textFormat: string;
  tagKeys: string;
  useValueForTime: boolean;
}

type Config = NonNullable<Panel['fieldConfig']>;
interface Shown<Kind extends string, Options, Custom>
  extends Omit<Panel, 'type' | 'options' | 'targets' | 'fieldConfig'> {
  type: Kind;
  options: Options;
  targets: Target[];
  fieldConfig: { overrides: Config['overrides']; defaults: Omit<Config['defaults'], 'custom'> & { custom: Custom } };
}

type Any =
  | Shown<'stat', stat.Options, Record<string, never>>
  | Shown<'timeseries', series.Options, series.FieldConfig>
  | Shown<'heatmap', heatmap.Options, heatmap.FieldConfig>
  | Shown<'state-timeline', timeline.Options, timeline.FieldConfig>
  | RowPanel;

export type Board = Plain<Omit<Dashboard, 'panels' | 'annotations'> & {
  panels: Any[];
  annotations: { list: Annotation[] };
}>;
