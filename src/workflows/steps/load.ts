import type { PlannedHost } from '../../contracts/plan';
import { hostSteps } from './activities';
import { boundary } from './boundary';
import type { Change } from './change';
import { patiently } from './host-steps';

/** Seconds of one look at the balancers. */
const LOOK = 30;
/** Milliseconds between two looks, at first and at most; of a long deadline some fifty. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 5_000;

/**
 * Waits until the others carry the present load without this host, for as long as the progress deadline lets it. One host
 * asks at a time, so that two never count on each other; who has room is away from then on.
 */
export async function roomForLoad(run: Change, host: PlannedHost): Promise<void> {
  if (!run.plan.intent.capacity) return;
  const before = run.doing.askingForRoom;
  const mine = (async () => {
    await before?.catch(() => undefined);
    await untilRoom(run, host).finally(() => (run.doing.waitsForLoad = null));
  })();
  run.doing.askingForRoom = mine;
  await mine;
}

async function untilRoom(run: Change, host: PlannedHost): Promise<void> {
  const { capacity, settings, service } = run.plan.intent;
  const longest = Math.max(LONGEST_PAUSE, (settings.progressDeadlineSeconds * 1_000) / 50);
  const { roomForLoad } = hostSteps(LOOK, settings.unreachableSeconds);
  const look = () => {
    const away = [...run.away].filter((name) => name !== host.name);
    const input = { change: run.ref, service: { name: service.name }, host, away, capacity: capacity! };
    return roomForLoad.executeWithOptions({ summary: `${host.name}: can the others do without it?` }, [
      input,
    ]);
  };
  for (let pause = FIRST_PAUSE; ; pause = Math.min(1.5 * pause, longest)) {
    await boundary(run);
    if (run.isSkipped(host)) return;
    const why = await patiently(run, host.name, look, (failure) =>
      run.note(host.name, { note: failure?.message }),
    );
    run.note(host.name, { note: why ?? undefined });
    run.doing.waitsForLoad = why;
    if (why === null) break;
    await run.rest(pause);
  }
  run.away.add(host.name);
}
