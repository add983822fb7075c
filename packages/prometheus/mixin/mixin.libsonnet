// For a monitoring mixin: import this file, set `_config`, and take what you need.
{
  _config+:: { dashboardTags: ['astrum'], dashboardRefresh: '30s', alertLabels: {} },
  local config = self._config,
  local dashboard(content) = content { tags: config.dashboardTags, refresh: config.dashboardRefresh },
  local labelled(group) = group { rules: [rule { labels+: config.alertLabels } for rule in group.rules] },
  grafanaDashboards+:: {
    'astrum-overview.json': dashboard(import 'dashboards/astrum-overview.json'),
    'astrum-flow.json': dashboard(import 'dashboards/astrum-flow.json'),
  },
  prometheusRules+:: std.parseYaml(importstr 'rules.yaml'),
  prometheusAlerts+:: { groups: [labelled(group) for group in std.parseYaml(importstr 'alerts.yaml').groups] },
}
