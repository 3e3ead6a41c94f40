/** What we count beside the SDK's own metrics; docs/production.md says what each is good for. */
import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptors, ActivityInterceptorsFactory } from '@temporalio/worker';
import { Runtime } from '@temporalio/worker';
import type { Activities } from '../activities';

/** Seconds: from a host without a request to one with an upload of an hour. */
export const HISTOGRAM_BUCKETS = { pawl_drain: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600] };

type Told<A extends (input: never) => Promise<unknown>> = (
  result: Awaited<ReturnType<A>>,
  input: Parameters<A>[0],
  /** since its first attempt was scheduled */
  seconds: number,
) => void;

/** Counts what activities did, by what they return: a retry that finds all done already counts once. */
export function activityMetrics(): ActivityInterceptorsFactory {
  const { metricMeter } = Runtime.instance();
  const drain = metricMeter.createHistogram('pawl_drain', 'float', 'seconds', 'Time to take a host out');
  const switches = metricMeter.createCounter('pawl_host_switches', '', 'Hosts switched, and switched back');
  const jobs = metricMeter.createCounter('pawl_jobs', '', 'Jobs on hosts, started or found running or done');
  const fenced = metricMeter.createCounter('pawl_fenced', '', 'Effects of old attempts that hosts refused');
  const told: { [A in keyof Activities]?: Told<Activities[A]> } = {
    takeOut: ({ out }, _input, seconds) => drain.record(seconds, { out }),
    switchRelease({ reattached }, { step }) {
      switches.add(1, { kind: step });
      jobs.add(1, { how: reattached ? 'reattached' : 'started' });
    },
  };
  return ({ info }: Context): ActivityInterceptors => ({
    inbound: {
      async execute(input, next) {
        try {
          const result = await next(input);
          const tell = told[info.activityType as keyof Activities];
          tell?.(result as never, input.args[0] as never, (Date.now() - info.scheduledTimestampMs) / 1_000);
          return result;
        } catch (error) {
          if (error instanceof ApplicationFailure && error.type === 'Fenced')
            fenced.add(1, { activity: info.activityType });
          throw error;
        }
      },
    },
  });
}

/** Told by the SSH adapter of connections that open and end. */
export function sshMetrics(): (event: string) => void {
  const { metricMeter } = Runtime.instance();
  const opened = metricMeter.createCounter('pawl_ssh_connections_opened', '', 'SSH connections made');
  const open = metricMeter.createGauge('pawl_ssh_connections', 'int', '', 'SSH connections open now');
  let now = 0;
  return (event) => {
    now += event === 'connected' ? 1 : -1;
    if (event === 'connected') opened.add(1);
    open.set(now);
  };
}
