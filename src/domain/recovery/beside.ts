/** What only shows beside other hosts: clocks, and releases of the same version. */
import type { Looked } from '../../contracts/recovery';
import { judgeClocks, offText } from '../clocks';
import { CLOCK_DAMAGE_MS } from './limits';

/** What a host runs of a service. */
export interface Running {
  host: string;
  service: string;
  version: string;
  /** checksum of its files; '': there is none */
  release: string;
  /** how many; null: nobody has counted */
  files: number | null;
}

/** @param offsets of clocks by host, milliseconds against our own */
export function withClocks(all: readonly Looked[], offsets: Record<string, number>): Looked[] {
  const { theirs } = judgeClocks(offsets, CLOCK_DAMAGE_MS);
  return all.map((one) => {
    const off = one.subject.kind === 'host' ? theirs[one.host] : undefined;
    return off === undefined ? one : damagedBy(one, `its clock is ${offText(off)}`);
  });
}

/** Files that most hosts of the same version have are missing where there are fewer; other ones are only told. */
export function withPeers(all: readonly Looked[], running: readonly Running[]): Looked[] {
  return all.map((one) => {
    const { subject, host } = one;
    if (subject.kind !== 'service') return one;
    const own = running.find((run) => run.host === host && run.service === subject.service);
    if (!own || own.release === '') return one;
    const peers = running.filter(
      (run) =>
        run !== own && run.service === own.service && run.version === own.version && run.release !== '',
    );
    const most = mostOf(peers);
    if (!most || most.some(({ release }) => release === own.release)) return one;
    const words = `its release is otherwise than on ${most.map((peer) => peer.host).join(', ')}`;
    const fewer = (most[0]!.files ?? 0) - (own.files ?? Infinity);
    // one other host says nothing of which of the two is right
    if (fewer > 0 && most.length > 1) return damagedBy(one, `${words}: ${fewer} fewer files`);
    return { ...one, found: [...one.found, words] };
  });
}

/** Those of the release that more than half of them have. */
function mostOf(peers: readonly Running[]): Running[] | undefined {
  return peers
    .map(({ release }) => peers.filter((peer) => peer.release === release))
    .find((same) => same.length > peers.length / 2);
}

function damagedBy(one: Looked, words: string): Looked {
  if (one.is === 'unknown') return one;
  return { ...one, is: 'damaged', found: one.is === 'damaged' ? [...one.found, words] : [words] };
}
