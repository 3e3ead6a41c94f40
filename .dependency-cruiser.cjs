/**
 * The arrows of the architecture: which layer may import which, types included. What must never be
 * loaded together at run time stands in .dependency-cruiser.runtime.cjs.
 */
const layer = (name) => `^src/${name}(/|\\.ts$)`;

/** @param may layers of ours that `from` may import beside itself */
function arrows(from, ...may) {
  return {
    name: `${from}-imports-only-${may.join('-') || 'itself'}`,
    comment: `src/${from} may import of ours: ${may.join(', ') || 'nothing'}`,
    severity: 'error',
    from: { path: layer(from) },
    to: { path: '^(src|lab|test|bench)/', pathNot: [from, ...may].map(layer) },
  };
}

const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** Layers whose files end up in the workflow bundle, or must stay decisions without effects. */
const PURE = '^src/(contracts|domain|render)/';

module.exports = {
  forbidden: [
    arrows('contracts'),
    arrows('domain', 'contracts'),
    arrows('render', 'contracts', 'domain'),
    arrows('workflows', 'contracts', 'domain', 'render', 'activities'),
    arrows('activities', 'contracts', 'domain', 'adapters'),
    arrows('adapters', 'contracts', 'domain'),
    arrows('temporal', 'contracts', 'domain', 'activities', 'adapters/secrets'),
    // `pawl cluster check`, `config` and `schedule` read files, and nothing else of the world outside.
    arrows(
      'cli',
      ...['contracts', 'domain', 'render', 'temporal'],
      ...['adapters/cluster-file', 'adapters/config-centre', 'adapters/yaml-file'],
    ),
    arrows('client', 'contracts', 'domain', 'render', 'temporal', 'cli'),
    error(
      'workflows-know-activities-by-type',
      'a workflow calls activities through proxies: import type only',
      { path: layer('workflows') },
      { path: layer('activities'), dependencyTypesNot: ['type-only'] },
    ),
    error(
      'src-stands-alone',
      'what runs in production imports nothing of the lab, the tests or the benchmarks',
      { path: '^src/' },
      { path: '^(lab|test|bench)/' },
    ),
    error(
      'bench-uses-the-lab',
      'benchmarks stand beside the tests, on the same lab',
      { path: '^(bench|lab)/' },
      { path: '^test/' },
    ),
    error(
      'pure-layers-know-no-temporal',
      'decisions are plain functions',
      { path: PURE },
      { path: '@temporalio' },
    ),
    error(
      'adapters-know-no-temporal',
      'adapters serve activities, and scripts too',
      { path: '^src/adapters/' },
      { path: '@temporalio' },
    ),
    error(
      'activities-start-no-activities',
      'one activity is one retry and one undo entry; composing them is what workflows are for',
      { path: '^src/activities/' },
      { path: '@temporalio/workflow' },
    ),
    error(
      'pure-layers-do-nothing',
      'no I/O and no clock in decisions',
      { path: PURE },
      {
        dependencyTypes: ['core'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^(node:)?(assert|buffer|crypto|path|util)$',
      },
    ),
    error(
      'no-cycles',
      'two files that need each other are one thing, or miss a third',
      {},
      { circular: true },
    ),
    error('all-resolved', 'an import that leads nowhere', {}, { couldNotResolve: true }),
    error(
      'only-declared-packages',
      'a package that package.json does not name may vanish with any update',
      {},
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
    error(
      'production-needs-no-dev-packages',
      'src runs without dev dependencies',
      { path: '^src/' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'types'] },
  },
};
