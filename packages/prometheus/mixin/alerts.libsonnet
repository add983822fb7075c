// Alerts on the metrics of @astrum/prometheus with the default prefix. They need the recording rules.
(import 'config.libsonnet') + {
  local config = $._config,
  local q = (import 'queries.libsonnet')(config),
  local flow = q.by(['job', 'flow']),
  local recorded(labels, name) =
    q.recorded(labels, name) + (
      local parts = [
        q.without('flow', config.excludedFlows),
        if std.member(labels, 'task') then q.without('task', config.excludedTasks) else '',
      ];
      local text = std.join(', ', [part for part in parts if part != '']);
      if text == '' then '' else '{%s}' % text
    ),
  local last(what) =
    'max by (%s) (%s)' % [flow, q.alerting('astrum_run_last_%s_timestamp_seconds' % what)],
  // A flow that never succeeded has no last success: 0 is before every failure.
  local failedSince = |||
    %(failure)s
    >
    (%(success)s or 0 * %(failure)s)
  ||| % { failure: last('failure'), success: last('success') },

  local alert(name, severity, expr, summary, description, more={}) = {
    alert: name,
    expr: expr,
    labels: { severity: severity } + config.alertLabels,
    annotations: {
      summary: summary,
      description: description,
      runbook_url: config.runbookUrl % std.asciiLower(name),
    },
  } + more,

  prometheusAlerts+:: {
    groups: [{
      name: 'astrum.alerts',
      rules: [
        alert(
          'AstrumTaskFailureRateHigh',
          'warning',
          '%s > %g' % [recorded(['job', 'flow', 'task'], 'astrum_tasks_failed:ratio_rate10m'), config.taskFailureRatio],
          'Task {{ $labels.task }} of {{ $labels.flow }} fails often',
          '{{ $value | humanizePercentage }} of its calls failed or timed out after all retries, in the last 10 minutes.',
          { 'for': config.taskFailureFor },
        ),
        alert(
          'AstrumRunFailureRateHigh',
          'critical',
          |||
            %s > %g
            and
            sum by (%s) (increase(%s[1h])) > %g
          ||| % [
            recorded(['job', 'flow'], 'astrum_runs_failed:ratio_rate1h'),
            config.runFailureRatio,
            flow,
            q.alerting('astrum_runs_total', 'result=~"failure|timeout"'),
            config.runFailureCount - 0.5,
          ],
          'Runs of {{ $labels.flow }} fail often',
          '{{ $value | humanizePercentage }} of the runs of the last hour failed or timed out.',
          { 'for': config.runFailureFor },
        ),
        alert(
          'AstrumRunFailed',
          'warning',
          failedSince,
          'The last run of {{ $labels.flow }} failed',
          'No run of it has completed since.',
          { 'for': config.runFailedFor },
        ),
        alert(
          'AstrumRunNotSucceeding',
          'critical',
          |||
            (time() - %s > %d)
            and
            (%s > %s)
          ||| % [last('success'), config.notSucceedingSeconds, last('failure'), last('success')],
          '{{ $labels.flow }} has not completed for long, and fails',
          'The last run that completed ended {{ $value | humanizeDuration }} ago, and one has failed since.',
          { 'for': '5m' },
        ),
        alert(
          'AstrumRunNeverSucceeded',
          'critical',
          |||
            %s
            unless
            %s
          ||| % [last('failure'), last('success')],
          '{{ $labels.flow }} has never completed',
          'Runs of it fail, and none of them has completed since its processes started.',
          { 'for': config.neverSucceededFor },
        ),
        alert(
          'AstrumTasksStuck',
          'warning',
          |||
            sum by (%(by)s) (%(running)s) > 0
            and
            sum by (%(by)s) (increase(%(ended)s[%(window)s])) == 0
            unless on (%(flow)s)
            %(long)s > 0.5
          ||| % {
            by: q.by(['job', 'instance', 'flow']),
            flow: flow,
            running: q.alerting(
              'astrum_tasks_active',
              std.join(', ', [
                part
                for part in ['state="running"', q.without('flow', config.longFlows)]
                if part != ''
              ])
            ),
            ended: q.alerting('astrum_task_attempts_total'),
            window: config.stuckFor,
            long: q.recorded(['job', 'flow'], 'astrum_tasks_long:increase7d'),
          },
          'Tasks of {{ $labels.flow }} run on {{ $labels.instance }} and none ends',
          '{{ $value }} tasks are running there, and no attempt has ended for %s.' % config.stuckFor,
          { 'for': config.stuckFor },
        ),
        alert(
          'AstrumQueueWaitHigh',
          'warning',
          '%s > %g' % [recorded(['job', 'flow'], 'astrum_task_queue_duration_seconds:p95_rate10m'), config.queueWaitSeconds],
          'Tasks of {{ $labels.flow }} wait long for room',
          'One in twenty could have started {{ $value | humanizeDuration }} earlier, or more.',
          { 'for': config.queueWaitFor },
        ),
        alert(
          'AstrumRunDurationRegression',
          'warning',
          local mean = recorded(['job', 'flow'], 'astrum_run_duration_seconds:mean_rate1h');
          |||
            %(mean)s
            >
            %(factor)g * avg_over_time(%(mean)s[7d] offset 1h)
            and
            %(mean)s > %(floor)g
            and
            count_over_time(%(mean)s[6d] offset 1d) > 0
          ||| % { mean: mean, factor: config.durationFactor, floor: config.durationFloorSeconds },
          'Runs of {{ $labels.flow }} take %g times as long as they did' % config.durationFactor,
          'Runs that completed in the last hour took {{ $value | humanizeDuration }} on average, over %g times the average of the week before.' % config.durationFactor,
          { 'for': config.durationFor },
        ),
        alert(
          'AstrumObserverErrors',
          'warning',
          // A series that is born with a value has no increase, hence the second half.
          |||
            sum by (%(by)s) (increase(%(errors)s[15m])) > 0
            or
            sum by (%(by)s) (%(errors)s unless %(errors)s offset 15m) > 0
          ||| % {
            by: q.by(['job', 'observer']),
            errors: q.of('astrum_observer_errors_total'),
          },
          'The observer {{ $labels.observer }} goes wrong',
          'Runs are not affected, but what it observes may be incomplete. The reports say what happened, in observerErrors.',
        ),
      ] + [
        alert(
          'AstrumRunOverdue',
          'critical',
          |||
            time() - max by (%(by)s) (%(success)s) > %(seconds)d
            or
            absent(%(success)s)
          ||| % {
            by: flow,
            success: q.of('astrum_run_last_success_timestamp_seconds', 'flow="%s"' % name),
            seconds: config.expectedEvery[name],
          },
          '%s is overdue' % name,
          'A run of it is expected to complete every %g hours, and none has.' % (config.expectedEvery[name] / 3600),
          { 'for': '10m', labels+: { flow: name } },
        )
        for name in std.objectFields(config.expectedEvery)
      ],
    }],
  },
}
