/**
 * What may be loaded together at run time: type-only imports are left out, and paths are followed to
 * their ends. Temporal's sandbox has no network, so nothing that speaks to hosts may get into the bundle.
 */
const base = require('./.dependency-cruiser.cjs');

module.exports = {
  forbidden: [
    {
      name: 'no-network-in-workflows',
      comment: 'workflow code must be deterministic: effects belong to activities',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: {
        path: '(node_modules/(ssh2|pino|echarts)/|^(node:)?(net|tls|http|https|dgram|dns|fs|child_process)(/|$)|^src/(activities|adapters)/)',
        reachable: true,
      },
    },
    {
      name: 'the-command-line-stays-light',
      comment:
        'pawl talks to Temporal only; loading the SSH code or the worker would make every command slow',
      severity: 'error',
      from: { path: '^src/(client\\.ts$|cli/)' },
      to: {
        path: '(node_modules/(ssh2|@temporalio/worker)/|^src/(activities|adapters/(?!cluster-file/|config-centre/|yaml-file/|(secrets|deadline|abort)\\.ts)|worker\\.ts$))',
        reachable: true,
      },
    },
  ],
  options: { ...base.options, tsPreCompilationDeps: false },
};
