/** Who holds the lanes of a host; see `src/host/lib/fence.sh`. */
import { PawlError } from '../../contracts/failures';
import type { Fence, RemoteHost } from '../../contracts/world';

/** So many fit into one command line. */
const AT_ONCE = 500;
/** Milliseconds: the lock of each lane may take its time. */
const RAISE_LIMIT = 60_000;

export interface LaneHolder {
  lane: string;
  epoch: number;
  /** workflow id */
  holder: string;
}

/** Locks everybody with an older fence out of lanes. Throws Fenced where somebody newer has been. */
export async function raiseFences(
  host: RemoteHost,
  lanes: readonly string[],
  { epoch, attempt }: Fence,
  holder: string,
  signal: AbortSignal,
): Promise<void> {
  for (let from = 0; from < lanes.length; from += AT_ONCE) {
    const args = [
      String(epoch),
      String(attempt),
      encodeURIComponent(holder),
      ...lanes.slice(from, from + AT_ONCE),
    ];
    const { code, stderr } = await host.run('raise-fences', args, { signal, timeoutMs: RAISE_LIMIT });
    if (code !== 0)
      throw new PawlError(
        'CommandFailed',
        `${host.name}: raising fences ended with ${code}: ${stderr.trim().slice(-300)}`,
      );
  }
}

export async function readFences(host: RemoteHost, signal: AbortSignal): Promise<LaneHolder[]> {
  const { stdout } = await host.run('read-fences', [], { signal, timeoutMs: 10_000 });
  return stdout.split('\n').flatMap((line) => {
    const [lane, epoch, holder] = line.split(' ');
    return lane && epoch && holder ? [{ lane, epoch: Number(epoch), holder: decoded(holder) }] : [];
  });
}

/** A holder's name as `raiseFences` has written it. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
