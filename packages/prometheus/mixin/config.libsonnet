// Everything that can be set. Thresholds are a start; times are those of Prometheus ('10m').
{
  _config+:: {
    // What of all that is scraped is meant, as in a query: 'job=~"batch|api"'.
    selector: '',
    // The label that tells clusters apart, kept in rules and alerts, and a variable of the dashboards: 'cluster'.
    clusterLabel: '',

    // Regular expressions of flows, and of tasks, that no alert is about.
    excludedFlows: '',
    excludedTasks: '',
    // Of flows whose tasks may run for hours: AstrumTasksStuck leaves them out.
    longFlows: '',

    // AstrumTaskFailureRateHigh
    taskFailureRatio: 0.1,
    taskFailureFor: '10m',
    // AstrumRunFailureRateHigh: so large a part of the runs of an hour, and so many.
    runFailureRatio: 0.1,
    runFailureCount: 3,
    runFailureFor: '10m',
    // AstrumRunFailed, AstrumRunNotSucceeding, AstrumRunNeverSucceeded
    runFailedFor: '10m',
    notSucceedingSeconds: 24 * 3600,
    neverSucceededFor: '1h',
    // AstrumRunOverdue: by flow, after how many seconds without a success. For one that runs daily: { nightly: 26 * 3600 }.
    expectedEvery: {},
    // AstrumTasksStuck, and what makes a task one that may take its time.
    stuckFor: '30m',
    longTaskSeconds: 900,
    // AstrumQueueWaitHigh
    queueWaitSeconds: 60,
    queueWaitFor: '15m',
    // AstrumRunDurationRegression
    durationFactor: 2,
    durationFloorSeconds: 10,
    durationFor: '30m',

    alertLabels: {},
    // Of an alert, its name in lower case.
    runbookUrl: 'https://github.com/astrum/astrum-ts/blob/main/docs/metrics.md#%s',

    dashboardTags: ['astrum'],
    dashboardRefresh: '30s',
    dashboardTimezone: 'browser',
    // Of a dashboard, the end of its id: 'overview', 'flow', 'jobs', 'otel'.
    dashboardUid: 'astrum-%s',
  },
}
