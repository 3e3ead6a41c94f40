/** The real worker, which also writes down what its activities ask of hosts; `PAWL_BENCH_SPANS` names the file. */
import { Context } from '@temporalio/activity';
import { appendFileSync } from 'node:fs';
import { SshHost } from '../../src/adapters/ssh/host';
import { runWorker } from '../../src/worker';
import { SPANS_VARIABLE, type Span } from './spans';

function trace(file: string): void {
  const { run, openSocket, openTcp } = SshHost.prototype;
  async function timed<T>(host: string, what: string, work: () => Promise<T>): Promise<T> {
    const { activityId, activityType } = Context.current().info;
    const started = performance.now();
    const at = Date.now();
    try {
      return await work();
    } finally {
      const ms = performance.now() - started;
      const span: Span = { activity: activityId, kind: activityType, what, host, at, ms };
      appendFileSync(file, `${JSON.stringify(span)}\n`);
    }
  }
  SshHost.prototype.run = function (script, args, options) {
    return timed(this.name, `run ${script}`, () => run.call(this, script, args, options));
  };
  SshHost.prototype.openSocket = function (path, signal) {
    return timed(this.name, 'socket', () => openSocket.call(this, path, signal));
  };
  SshHost.prototype.openTcp = function (address, port, signal) {
    return timed(this.name, 'tcp', () => openTcp.call(this, address, port, signal));
  };
}

const file = process.env[SPANS_VARIABLE];
if (!file) throw new Error(`${SPANS_VARIABLE} must name a file`);
trace(file);
void runWorker();
