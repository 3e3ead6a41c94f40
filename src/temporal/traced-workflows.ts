/**
 * Traces in the sandbox of the workflows: Temporal's own, but no step waits for a span. Theirs let what follows on an activity wait a
 * little longer, so that of two that end together the other one goes on first, and a run that began without traces cannot be replayed.
 */
import { context, SpanStatusCode, type Context, type Span, type Tracer } from '@opentelemetry/api';
import {
  extractContextFromHeaders,
  headersWithContext,
} from '@temporalio/interceptors-opentelemetry/lib/instrumentation';
import {
  OpenTelemetryInboundInterceptor,
  OpenTelemetryInternalsInterceptor,
  OpenTelemetryOutboundInterceptor,
  SPAN_DELIMITER,
  SpanName,
} from '@temporalio/interceptors-opentelemetry/lib/workflow';
import { ContinueAsNew, workflowInfo, type WorkflowInterceptors } from '@temporalio/workflow';

type Headers = Parameters<typeof headersWithContext>[0];

/** What the work gives, at the same moment as without a span. */
function spanned<T>(
  tracer: Tracer,
  name: string,
  within: Context | undefined,
  work: () => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, {}, within ?? context.active(), (span) => {
    const result = work();
    result.then(
      () => end(span),
      (error: unknown) => end(span, error),
    );
    return result;
  });
}

function end(span: Span, error?: unknown): void {
  if (error instanceof Error && !(error instanceof ContinueAsNew)) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    span.recordException(error);
  } else span.setStatus({ code: SpanStatusCode.OK });
  span.end();
}

const nameOf = (what: SpanName, of: string) => `${what}${SPAN_DELIMITER}${of}`;

class Inbound extends OpenTelemetryInboundInterceptor {
  override execute(...[input, next]: Parameters<OpenTelemetryInboundInterceptor['execute']>) {
    return this.received(SpanName.WORKFLOW_EXECUTE, workflowInfo().workflowType, input, next);
  }
  override handleSignal(...[input, next]: Parameters<OpenTelemetryInboundInterceptor['handleSignal']>) {
    return this.received(SpanName.WORKFLOW_HANDLE_SIGNAL, input.signalName, input, next);
  }
  override handleUpdate(...[input, next]: Parameters<OpenTelemetryInboundInterceptor['handleUpdate']>) {
    return this.received(SpanName.WORKFLOW_HANDLE_UPDATE, input.name, input, next);
  }
  private received<I extends { headers: Headers }, T>(
    what: SpanName,
    of: string,
    input: I,
    next: (input: I) => Promise<T>,
  ): Promise<T> {
    return spanned(this.tracer, nameOf(what, of), extractContextFromHeaders(input.headers), () =>
      next(input),
    );
  }
}

class Outbound extends OpenTelemetryOutboundInterceptor {
  override scheduleActivity(
    ...[input, next]: Parameters<OpenTelemetryOutboundInterceptor['scheduleActivity']>
  ) {
    return this.sent(SpanName.ACTIVITY_START, input.activityType, input, next);
  }
  override startChildWorkflowExecution(
    ...[input, next]: Parameters<OpenTelemetryOutboundInterceptor['startChildWorkflowExecution']>
  ) {
    return this.sent(SpanName.CHILD_WORKFLOW_START, input.workflowType, input, next);
  }
  override signalWorkflow(...[input, next]: Parameters<OpenTelemetryOutboundInterceptor['signalWorkflow']>) {
    return this.sent(SpanName.WORKFLOW_SIGNAL, input.signalName, input, next);
  }
  override continueAsNew(...[input, next]: Parameters<OpenTelemetryOutboundInterceptor['continueAsNew']>) {
    return this.sent(SpanName.CONTINUE_AS_NEW, input.options.workflowType, input, next);
  }
  private sent<I extends { headers: Headers }, T>(
    what: SpanName,
    of: string,
    input: I,
    next: (input: I) => Promise<T>,
  ): Promise<T> {
    return spanned(this.tracer, nameOf(what, of), undefined, () =>
      next({ ...input, headers: headersWithContext(input.headers) }),
    );
  }
}

export const interceptors = (): WorkflowInterceptors => ({
  inbound: [new Inbound()],
  outbound: [new Outbound()],
  internals: [new OpenTelemetryInternalsInterceptor()],
});
