// The words that rules and alerts are written in: selectors and groupings, as `_config` wants them.
function(config) {
  local joined(parts) = std.join(', ', [part for part in parts if part != '']),

  // astrum_runs_total{...}: of what is meant, with more labels.
  of(metric, more=''):: local labels = joined([config.selector, more]);
                        if labels == '' then metric else '%s{%s}' % [metric, labels],

  // The labels that a query is grouped by.
  by(labels):: joined([config.clusterLabel] + labels),

  // The name of a recorded rule, by those labels.
  recorded(labels, name)::
    std.join('_', [label for label in [config.clusterLabel] + labels if label != '']) + ':' + name,

  // The same with what no alert is about left out.
  alerting(metric, more='')::
    $.of(metric, joined([more, $.without('flow', config.excludedFlows)])),
  without(label, pattern):: if pattern == '' then '' else '%s!~"%s"' % [label, pattern],
}
