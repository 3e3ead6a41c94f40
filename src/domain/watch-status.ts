/** A health watch as people see it. */
import type { Looked, PlannedWatch, WatchMemory } from '../contracts/health-watch';
import type { HostState, HostStatus, Todo } from '../contracts/status';

interface Known {
  memory: WatchMemory;
  looked: Looked[];
}

export function watchSummary({ memory, looked }: Known): string {
  const troubled = Object.entries(memory.hosts).filter(([, { trouble }]) => trouble);
  const serving = looked.filter((host) => host.serving).length;
  const count = looked.length ? `${serving} of ${looked.length} in rotation` : 'the first look is to come';
  if (troubled.length === 0) return `${count}; nobody is unhealthy`;
  return `${count}; unhealthy: ${troubled.map(([host]) => host).join(', ')}`;
}

export function watchedHosts({ memory, looked }: Known, plan: PlannedWatch): HostStatus[] {
  return plan.hosts.map((name) => {
    const seen = looked.find(({ host }) => host === name);
    const trouble = memory.hosts[name]?.trouble;
    const note = trouble
      ? `${trouble.why} (since ${new Date(trouble.since).toISOString().slice(0, 19)}Z)`
      : (seen?.busy ?? seen?.away?.by);
    return {
      name,
      version: '',
      state: stateOf(seen, trouble !== null && trouble !== undefined),
      balancers: seen?.balancers ?? {},
      ...(note && { note }),
    };
  });
}

function stateOf(seen: Looked | undefined, troubled: boolean): HostState {
  if (!seen) return 'pending';
  if (seen.away?.own) return 'out';
  if (seen.busy !== null || seen.away) return 'skipped';
  if (troubled) return 'failed';
  return seen.fault === undefined ? 'unreachable' : 'done';
}

export function watchTodos({ memory, looked }: Known): Todo[] {
  return Object.entries(memory.hosts).flatMap(([host, { trouble }]): Todo[] => {
    if (!trouble) return [];
    const out = !!looked.find((seen) => seen.host === host)?.away?.own || trouble.state === 'out';
    return [
      { host, what: `${host} is unhealthy and ${out ? 'out of rotation' : 'in rotation'}: ${trouble.why}` },
    ];
  });
}
