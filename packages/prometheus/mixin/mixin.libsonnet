// For a monitoring mixin: import this file, set what `config.libsonnet` has, and take what you need:
//   (import 'mixin.libsonnet') + { _config+:: { selector: 'job="batch"', clusterLabel: 'cluster' } }
(import 'config.libsonnet') + (import 'rules.libsonnet') + (import 'alerts.libsonnet') + (import 'dashboards.libsonnet')
