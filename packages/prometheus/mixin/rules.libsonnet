// Recording rules. Idle flows have no series: a ratio of nothing is not 0.
(import 'config.libsonnet') + {
  local q = (import 'queries.libsonnet')($._config),
  local flow = q.by(['job', 'flow']),
  local task = q.by(['job', 'flow', 'task']),
  local rate(metric, more, window) = 'rate(%s[%s])' % [q.of(metric, more), window],

  prometheusRules+:: {
    groups: [{
      name: 'astrum.rules',
      rules: [
        {
          // What a run tolerates is no failure of it.
          record: q.recorded(['job', 'flow', 'task'], 'astrum_tasks_failed:ratio_rate10m'),
          expr: |||
            (
              sum by (%(by)s) (%(failed)s)
              -
              (sum by (%(by)s) (%(tolerated)s) or 0 * sum by (%(by)s) (%(failed)s))
            )
            /
            (sum by (%(by)s) (%(ended)s) > 0)
          ||| % {
            by: task,
            failed: rate('astrum_tasks_total', 'result=~"failure|timeout"', '10m'),
            tolerated: rate('astrum_tasks_tolerated_total', '', '10m'),
            ended: rate('astrum_tasks_total', 'result=~"success|failure|timeout"', '10m'),
          },
        },
        {
          record: q.recorded(['job', 'flow'], 'astrum_runs_failed:ratio_rate1h'),
          expr: |||
            sum by (%(by)s) (%(failed)s)
            /
            (sum by (%(by)s) (%(ended)s) > 0)
          ||| % {
            by: flow,
            failed: rate('astrum_runs_total', 'result=~"failure|timeout"', '1h'),
            ended: rate('astrum_runs_total', 'result=~"success|failure|timeout"', '1h'),
          },
        },
        {
          record: q.recorded(['job', 'flow'], 'astrum_run_duration_seconds:mean_rate1h'),
          expr: |||
            sum by (%(by)s) (%(sum)s)
            /
            (sum by (%(by)s) (%(count)s) > 0)
          ||| % {
            by: flow,
            sum: rate('astrum_run_duration_seconds_sum', 'result="success"', '1h'),
            count: rate('astrum_run_duration_seconds_count', 'result="success"', '1h'),
          },
        },
        {
          record: q.recorded(['job', 'flow', 'task'], 'astrum_task_duration_seconds:p95_rate10m'),
          expr: 'histogram_quantile(0.95, sum by (%s) (%s))'
                % [task + ', le', rate('astrum_task_duration_seconds_bucket', '', '10m')],
        },
        {
          record: q.recorded(['job', 'flow'], 'astrum_task_queue_duration_seconds:p95_rate10m'),
          expr: 'histogram_quantile(0.95, sum by (%s) (%s))'
                % [flow + ', le', rate('astrum_task_queue_duration_seconds_bucket', '', '10m')],
        },
        {
          // Formats write a bound as 900 or as 900.0. No series where no histogram has this bound.
          record: q.recorded(['job', 'flow'], 'astrum_tasks_long:increase7d'),
          expr: |||
            sum by (%(by)s) (increase(%(all)s[7d]))
            -
            sum by (%(by)s) (increase(%(short)s[7d]))
          ||| % {
            by: flow,
            all: q.of('astrum_task_duration_seconds_bucket', 'le="+Inf"'),
            short: q.of(
              'astrum_task_duration_seconds_bucket', 'le=~"%d([.]0)?"' % $._config.longTaskSeconds
            ),
          },
        },
      ],
    }],
  },
}
