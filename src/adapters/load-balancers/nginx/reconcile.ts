/** What nginx serves, as far as people and changes have wanted it so. */
import type { Reconciled, WantedTraffic } from '../../../contracts/world';
import { keyOf, readKept, reconcileServers, type ServerPlace, type ShownServer } from '../reconcile';
import { askServed, type NginxPlace } from './served';
import type { ServerLine } from './servers';

/** @param assert makes one server what is wanted of it; answers nothing where it was so already */
export async function reconcile(
  at: NginxPlace,
  places: ServerPlace[],
  assert: (backend: string, server: string) => Promise<string>,
  signal: AbortSignal,
): Promise<Reconciled> {
  const backends = [...new Set(places.map(({ backend }) => backend))];
  const [kept, ...shown] = await Promise.all([
    readKept(at.host, 'nginx-wanted', [at.folder], signal),
    ...backends.map((backend) => shownServers(at, backend, signal)),
  ]);
  return reconcileServers(places, new Map(shown.flat()), kept, assert, signal);
}

async function shownServers(
  at: NginxPlace,
  backend: string,
  signal: AbortSignal,
): Promise<[string, ShownServer][]> {
  const { servers, proven } = await askServed(at, backend, signal);
  return Object.entries(servers).map(([server, line]) => [
    keyOf({ backend, server }),
    {
      says: saidOf(line, proven),
      isAt: (wanted) => proven && isAt(line, wanted),
      isAway: line.wanted !== 'in',
    },
  ]);
}

function saidOf({ wanted, weight }: ServerLine, proven: boolean): string {
  const line = wanted === 'in' ? `weight=${weight}` : 'down';
  return proven ? line : `${line} in a file that another hand has changed`;
}

function isAt(line: ServerLine, wanted: WantedTraffic): boolean {
  switch (wanted.state) {
    case 'out':
      return line.wanted === 'out';
    case 'draining':
      return line.wanted !== 'in';
    case 'in':
      return line.wanted === 'in' && line.weight === wanted.weight;
  }
}
