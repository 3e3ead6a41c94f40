import { setTimeout as delay } from 'node:timers/promises';
import type { Closure } from '../contracts/doors';
import { PawlError } from '../contracts/failures';
import type { MaintenanceTimes, PlannedDoor, PlannedPage } from '../contracts/maintenance';
import { MaintenanceSettings } from '../contracts/maintenance';
import { markerOf, readTemplate, renderPages } from '../adapters/maintenance-page';
import { secretIn } from '../adapters/secrets';
import type { Attempt, ChangeRef } from './attempt';
import { attempt } from './attempt';
import { served } from './served';
import type { World, Worlds } from './world';

export interface ClosedDoor {
  change: ChangeRef;
  service: string;
  door: PlannedDoor;
  page: PlannedPage;
  times: MaintenanceTimes;
}

/** Milliseconds for a new text to be served: a process that a reload replaces may answer for a moment. */
const SERVED_WITHIN = 5_000;
/** Milliseconds between two looks at closed doors. */
const LOOK = 5_000;
/** Milliseconds after which a balancer without an answer is worth a word. */
const SILENT = 60_000;

/** Closing services with a page, and opening them. */
export function maintenanceActivities(worlds: Worlds) {
  return {
    /** Closes one door, or gives a closed one a new text; proven by a request. @returns the marker of its page */
    async closeDoor(input: ClosedDoor): Promise<{ marker: string }> {
      const world = await worlds.of(input.change.cluster);
      const closure = await closureOf(world, input);
      await close(world, input.door, closure, attempt(input.change));
      return { marker: closure.marker };
    },

    /** Opens one door; proven by a request. @returns what it answers now */
    async openDoor(input: Pick<ClosedDoor, 'change' | 'door'>): Promise<{ status: number }> {
      const { door, change } = input;
      const world = await worlds.of(change.cluster);
      const { fence, signal } = attempt(change);
      await world.doors(door.balancer).open(door.backend, fence, signal);
      return { status: await proven(world, door, null, signal) };
    },

    /** Puts the flag file on a host, or takes it away where there are no times. */
    async setFlag(input: {
      change: ChangeRef;
      service: string;
      host: string;
      path: string;
      times: MaintenanceTimes | null;
    }): Promise<void> {
      const { change, service, host, path, times } = input;
      const world = await worlds.of(change.cluster);
      const { fence, signal } = attempt(change);
      const how = times ? ['on', JSON.stringify({ service, ...times })] : ['off'];
      const args = [String(fence.epoch), String(fence.attempt), service, path, ...how];
      const { code, stderr } = await world.hosts.on(host).run('flag-file', args, { signal });
      if (code !== 0) throw new PawlError('CommandFailed', `${host}: ${path}: ${stderr.trim().slice(-300)}`);
    },

    /**
     * Looks at closed doors until it is cancelled, and closes them again when they are not closed any more: somebody
     * may have put an old file back.
     *
     * @param input.quietSeconds for which it says nothing, whatever it finds and mends
     * @returns what it found, one sentence
     */
    async guardDoors(input: { doors: ClosedDoor[]; quietSeconds: number }): Promise<{ what: string }> {
      const [first] = input.doors;
      if (!first) throw new PawlError('Failed', 'no doors to look at');
      const world = await worlds.of(first.change.cluster);
      const now = attempt(first.change);
      const watched = await Promise.all(
        input.doors.map(async (one) => ({
          ...one,
          closure: await closureOf(world, one),
          answered: now.elapsed(),
        })),
      );
      for (let what: string | undefined; ; await delay(LOOK, undefined, { signal: now.signal })) {
        for (const one of watched) what = (await mended(world, one, now)) ?? what;
        if (what !== undefined && now.elapsed() > input.quietSeconds * 1_000) return { what };
      }
    },
  };
}

interface Watched extends ClosedDoor {
  closure: Closure;
  /** when its balancer answered last, milliseconds of the attempt's clock */
  answered: number;
}

/** @returns what was found, in words; undefined when all is as it should be */
async function mended(world: World, watched: Watched, now: Attempt): Promise<string | undefined> {
  const { door, service, closure } = watched;
  const place = `${service} at ${door.balancer}`;
  try {
    const found = await served(remoteOf(world, door), door.entry, now.signal);
    watched.answered = now.elapsed();
    if (found.marker === closure.marker) return undefined;
    await close(world, door, closure, now);
    return `${place} was not closed any more (it answered ${found.status}) and was closed again`;
  } catch (error) {
    now.signal.throwIfAborted();
    // a newer attempt has other times
    if (!(error instanceof PawlError) || error.type === 'Fenced') throw error;
    now.progress(`${place}: ${error.message}`);
    const silent = now.elapsed() - watched.answered > SILENT;
    return silent ? `${place} cannot be looked at: ${error.message}` : undefined;
  }
}

const remoteOf = ({ cluster, hosts }: World, { balancer }: PlannedDoor) =>
  hosts.on(cluster.balancers[balancer]?.host ?? balancer);

async function close(world: World, door: PlannedDoor, closure: Closure, now: Attempt): Promise<void> {
  await world.doors(door.balancer).close(door.backend, closure, now.fence, now.signal);
  await proven(world, door, closure.marker, now.signal);
}

/**
 * What a balancer acknowledges is not yet what people get.
 *
 * @param marker of the page that must be served; null: no page at all
 * @returns status of the answer
 */
async function proven(
  world: World,
  door: PlannedDoor,
  marker: string | null,
  signal: AbortSignal,
): Promise<number> {
  const until = performance.now() + SERVED_WITHIN;
  for (;;) {
    const found = await served(remoteOf(world, door), door.entry, signal);
    if (found.marker === marker) return found.status;
    if (performance.now() > until) {
      const { address, port, path } = door.entry;
      const says = found.marker ? 'another maintenance page' : `${found.status} and no maintenance page`;
      const wanted = marker ? 'the page' : 'the service';
      throw new PawlError(
        'BalancerNotAsWanted',
        `${door.balancer}: ${address}:${port}${path} answers ${says} instead of ${wanted}; \`pawl doctor\` shows which lines ${door.backend} needs there`,
      );
    }
    await delay(100, undefined, { signal });
  }
}

/** The page with its times, and who gets through. Secrets are read here, and go to balancers only. */
export async function closureOf(
  world: World,
  { service, page, times }: Pick<ClosedDoor, 'service' | 'page' | 'times'>,
): Promise<Closure> {
  const settings = world.cluster.maintenance ?? MaintenanceSettings.parse({});
  const template = await readTemplate(settings.template, world.folder);
  const [from, to] = [Date.parse(times.from), Date.parse(times.to)];
  const { content, contact, languages, timeZone, allow } = page;
  const pages = renderPages(template, { service, content, contact, languages, timeZone, from, to });
  const passes = allow.passes.map((reference) => secretIn(reference, world.folder));
  const until = Math.round(to / 1_000);
  const { addresses } = allow;
  const marker = markerOf(pages.page, pages.late, until, ...addresses, ...passes);
  return { ...pages, until, marker, addresses, passes };
}
