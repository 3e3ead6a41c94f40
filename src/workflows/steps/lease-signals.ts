import { defineSignal, setHandler } from '@temporalio/workflow';
import type { ToHolder } from '../../contracts/lease';
import type { Turn } from '../../domain/turn';

/**
 * What the lease says to this change. The handlers never wait: they write it down.
 *
 * @param giveWay somebody needs the hosts at once; `lost`: somebody has them already
 */
export function listenToLease(turn: Turn, giveWay: (over: NonNullable<Turn['over']>) => void): void {
  const on = <N extends keyof ToHolder>(name: N, description: string, take: (said: ToHolder[N]) => void) =>
    setHandler(
      defineSignal<[ToHolder[N]]>(name),
      (said) => {
        // anybody may send anything, an id may be used again, and a reset brings back what came before it
        if (turn.asked && typeof said === 'object' && said !== null && said.change === turn.key) take(said);
      },
      { description: `From the lease: ${description}` },
    );
  on('leaseGranted', 'hosts and balancers are yours', ({ epoch, claims, leftovers }) => {
    // a lease that was reset says it again
    if (!turn.granted || epoch > turn.granted.epoch) turn.granted = { epoch, claims, leftovers };
  });
  on('leaseQueued', 'wait; who holds what you need', ({ line }) => (turn.line = line));
  on('leaseRefused', 'this will not be granted', ({ why, by }) => (turn.refused = { why, by }));
  on('yieldLease', 'end at the next safe moment', ({ by, epoch, takesAll = false }) => {
    if (epoch === turn.granted?.epoch) giveWay({ by, lost: false, takesAll });
  });
  on('leaseLost', 'touch nothing more', ({ by }) => giveWay({ by, lost: true }));
}
