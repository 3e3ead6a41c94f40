/** Traces by OpenTelemetry: one for each change, its steps inside. Off unless a collector is named. */
import { join } from 'node:path';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { Sinks } from '@temporalio/workflow';

/** Bundled with the workflows where traces are wanted, and only there. */
export const TRACING_IN_WORKFLOWS = join(__dirname, 'traced-workflows');

export interface Tracing {
  activity: ActivityInterceptorsFactory;
  /** by which spans leave the sandbox of the workflows */
  sinks: InjectedSinks<Sinks>;
  /** sends what is left */
  close(): Promise<void>;
}

/** @param url takes OTLP over HTTP; OTEL_EXPORTER_OTLP_HEADERS is read as well */
export async function openTracing(url: string, env = process.env): Promise<Tracing> {
  // who names no collector loads none of this
  const [async, exporter, sdk, { Resource }, temporal] = await Promise.all([
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/resources'),
    import('@temporalio/interceptors-opentelemetry'),
  ]);
  const resource = new Resource({ 'service.name': env.OTEL_SERVICE_NAME || 'pawl' });
  const processor = new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter({ url }));
  const provider = new sdk.BasicTracerProvider({ resource, spanProcessors: [processor] });
  // a step finds the run that it belongs to by a header that Temporal carries
  provider.register({ contextManager: new async.AsyncLocalStorageContextManager().enable() });
  const tracer = provider.getTracer('pawl');
  return {
    activity: (context) => ({
      inbound: new temporal.OpenTelemetryActivityInboundInterceptor(context, { tracer }),
    }),
    sinks: { exporter: temporal.makeWorkflowExporter(processor, resource) },
    close: () => provider.shutdown(),
  };
}
