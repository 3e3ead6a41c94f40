/** Traces of a real run, as a collector gets them. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { activityInterceptor } from '../../src/temporal/activity-interceptor';
import { openTracing, type Tracing } from '../../src/temporal/tracing';
import { workflowCode } from '../../src/temporal/workflow-code';
import { imagined } from '../cli/live';
import { FakeCluster } from '../workflows/harness';
import { installQuietRuntime, QUICK, Server } from './server';

interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
}

const cluster = new FakeCluster(['n1']);
let server: Server;
let collector: HttpServer;
let tracing: Tracing;
const spans: Span[] = [];
const services: string[] = [];

beforeAll(async () => {
  installQuietRuntime();
  collector = createServer((request, response) => {
    void json(request).then((body) => {
      const { resourceSpans } = body as {
        resourceSpans: {
          resource: { attributes: { key: string; value: { stringValue?: string } }[] };
          scopeSpans: { spans: Span[] }[];
        }[];
      };
      for (const { resource, scopeSpans } of resourceSpans) {
        services.push(
          ...resource.attributes.flatMap(({ key, value }) =>
            key === 'service.name' ? [value.stringValue ?? ''] : [],
          ),
        );
        spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      }
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => void collector.listen(0, '127.0.0.1', resolve));
  const tracesUrl = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
  let workflowBundle;
  [server, tracing, workflowBundle] = await Promise.all([
    Server.start(),
    openTracing(tracesUrl, {}),
    workflowCode({ tracesUrl }),
  ]);
  await server.startWorker(
    imagined(() => cluster),
    {
      workflowBundle,
      sinks: tracing.sinks,
      interceptors: { activity: [tracing.activity, activityInterceptor] },
    },
  );
}, 90_000);
afterAll(async () => {
  collector?.close();
  await server?.stop();
}, 30_000);

it('is one trace for each change, with its steps inside', async () => {
  const handle = await server.client().workflow.start('rollingUpgrade', {
    workflowId: `traced-${randomUUID()}`,
    taskQueue: TASK_QUEUE,
    args: [QUICK],
  });
  await handle.result();
  await tracing.close();
  const run = spans.find(({ name }) => name === 'RunWorkflow:rollingUpgrade');
  const asked = spans.find(({ name }) => name === 'StartActivity:switchRelease');
  const done = spans.find(({ name }) => name === 'RunActivity:switchRelease');
  expect(asked).toMatchObject({ traceId: run?.traceId, parentSpanId: run?.spanId });
  expect(done).toMatchObject({ traceId: run?.traceId, parentSpanId: asked?.spanId });
  // the lease outlives changes, and has a trace of its own
  const others = spans.filter(({ traceId }) => traceId !== run?.traceId).map(({ name }) => name);
  expect(
    others.filter((name) => !/:(lease|findHolders|watchRun|keepBalancers|ask|leaseGranted)$/.test(name)),
  ).toEqual([]);
  expect(new Set(services)).toEqual(new Set(['pawl']));
});
