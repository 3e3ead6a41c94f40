import type { Exchange } from '../../activities/room';
import type { PlannedHost } from '../../contracts/plan';
import { SWITCH } from '../../domain/blue-green';
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
    const moving = { who: host.name, then: 'without it', leaving: [host], coming: [] };
    const show = (why?: string) => run.note(host.name, { note: why });
    if (await untilRoom(run, moving, show, () => run.isSkipped(host))) run.away.add(host.name);
  })();
  run.doing.askingForRoom = mine;
  await mine;
}

/** The same for a set of hosts that comes in while another one leaves. */
export async function roomForSet(run: Change, coming: PlannedHost[], leaving: PlannedHost[]): Promise<void> {
  if (!run.plan.intent.capacity) return;
  const names = coming.map(({ name }) => name);
  const moving = { who: 'the switch', then: 'after it', leaving, coming: names };
  await untilRoom(
    run,
    moving,
    (why) => run.noteStep(SWITCH, { note: why }),
    () => false,
  );
}

/** @returns false when nobody wants it any more */
async function untilRoom(
  run: Change,
  moving: Omit<Exchange, 'service' | 'away'>,
  show: (why?: string) => void,
  isOver: () => boolean,
): Promise<boolean> {
  const { capacity, settings, service } = run.plan.intent;
  const longest = Math.max(LONGEST_PAUSE, (settings.progressDeadlineSeconds * 1_000) / 50);
  const { roomForLoad } = hostSteps(LOOK, settings.unreachableSeconds);
  const look = () => {
    const away = [...run.away].filter((name) => !moving.leaving.some((host) => host.name === name));
    const input = { change: run.ref, service: { name: service.name }, ...moving, away, capacity: capacity! };
    return roomForLoad.executeWithOptions({ summary: `${moving.who}: is the load carried ${moving.then}?` }, [
      input,
    ]);
  };
  try {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(1.5 * pause, longest)) {
      await boundary(run);
      if (isOver()) return false;
      const why = await patiently(run, moving.who, look, (failure) => show(failure?.message));
      show(why ?? undefined);
      run.doing.waitsForLoad = why;
      if (why === null) return true;
      await run.rest(pause);
    }
  } finally {
    run.doing.waitsForLoad = null;
  }
}
