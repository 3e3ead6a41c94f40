// node sdk-download.cjs <dev-server|time-skipping> <version> <folder>: lets the SDK download one of
// Temporal's servers into the folder. The SDK offers that only together with a start, so the server is
// started and stopped once. A process of its own, because a download that hangs cannot be cancelled.
const { TestWorkflowEnvironment } = require('@temporalio/testing');

const [kind, version, downloadDir] = process.argv.slice(2);
const executable = { type: 'cached-download', version, downloadDir };
const started =
  kind === 'time-skipping'
    ? TestWorkflowEnvironment.createTimeSkipping({ server: { executable } })
    : TestWorkflowEnvironment.createLocal({ server: { executable } });

started
  .then((environment) => environment.teardown())
  .then(
    () => process.exit(0),
    (error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    },
  );
