// The dashboards, from their files: with more in every selector, a variable for the cluster, other ids and tags.
(import 'config.libsonnet') + {
  local config = $._config,
  local replace(text, from, to) = std.strReplace(text, from, to),
  local more = std.join('', [
    part + ', '
    for part in [
      config.selector,
      if config.clusterLabel == '' then '' else '%s=~"$cluster"' % config.clusterLabel,
    ]
    if part != ''
  ]),
  // Every selector of the files begins with the job.
  local selected(expr) = replace(expr, '{job=~', '{%sjob=~' % more),
  local variable(one) =
    if !std.objectHas(one, 'query') || std.isString(one.query) then one
    else one { query+: { query: selected(one.query.query) }, definition: selected(one.definition) },
  local cluster(metric) = {
    name: 'cluster',
    label: 'Cluster',
    type: 'query',
    datasource: { type: 'prometheus', uid: '${datasource}' },
    local query = 'label_values(%s, %s)' % [metric, config.clusterLabel],
    query: { query: query, refId: 'cluster' },
    definition: query,
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
  },
  local dashboard(content, name, metric='astrum_run_last_completion_timestamp_seconds') = content {
    uid: config.dashboardUid % name,
    tags: config.dashboardTags,
    refresh: config.dashboardRefresh,
    timezone: config.dashboardTimezone,
    links: [link { tags: config.dashboardTags } for link in content.links],
    templating+: {
      list: std.flatMap(
        function(one)
          if one.name == 'datasource' && config.clusterLabel != '' then [one, cluster(metric)]
          else [variable(one)],
        content.templating.list
      ),
    },
    panels: [
      panel { targets: [target { expr: selected(target.expr) } for target in panel.targets] }
      for panel in content.panels
    ],
  },

  grafanaDashboards+:: {
    'astrum-overview.json': dashboard(import 'dashboards/astrum-overview.json', 'overview'),
    'astrum-flow.json': dashboard(import 'dashboards/astrum-flow.json', 'flow'),
    'astrum-jobs.json': dashboard(import 'dashboards/astrum-jobs.json', 'jobs'),
    'astrum-otel.json':
      dashboard(import 'dashboards/astrum-otel.json', 'otel', 'astrum_run_active'),
  },
}
