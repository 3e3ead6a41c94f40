import type { Cluster } from '../../contracts/cluster';
import { PawlError, type Mistake } from '../../contracts/failures';
import { MaintenanceModeInput } from '../../contracts/inputs/maintenance-mode';
import type { AllowList, PlannedClosure, PlannedPage } from '../../contracts/maintenance';
import { MaintenanceSettings } from '../../contracts/maintenance';
import type { PlannedNotifications } from '../../contracts/notifications';
import type { MaintenanceIntent, Plan, PlannedStep } from '../../contracts/plan';
import { PageWrong, readTemplate } from '../../adapters/maintenance-page';
import { secretIn, SecretUnavailable } from '../../adapters/secrets';
import { digestOf } from '../../domain/plan-hash';
import { badInput, unknownName } from '../../domain/mistakes';
import { noticesBefore, windowMistakes, windowOf } from '../../domain/maintenance';
import { closureOf } from '../maintenance';
import { served } from '../served';
import type { World } from '../world';
import { hostsOf } from '../world';
import { parsePlanInput } from './input';
import { plannedNotifications } from './notifications';

/** Who shows it is let through from anywhere, so it must be nothing that can be guessed. */
const SHORTEST_PASS = 16;

const STEPS: PlannedStep[] = [
  { id: 'flag', does: 'put up the flag file on every host', undo: 'take it away' },
  {
    id: 'close',
    does: 'show the page at every balancer, proven by a request',
    undo: 'open, proven by a request',
  },
];

export const parseMaintenanceMode = (raw: unknown) => parsePlanInput(MaintenanceModeInput, raw);

/**
 * Turns an input into a plan. Asks balancers and changes nothing; tells all mistakes at once.
 *
 * @param asked when the maintenance was asked for, milliseconds: a start that was ahead then is no mistake later
 */
export async function planMaintenance(
  input: MaintenanceModeInput,
  world: World,
  asked: number,
  signal: AbortSignal,
): Promise<Plan<MaintenanceIntent>> {
  const { cluster } = world;
  const names = Object.keys(cluster.services);
  if (input.service !== undefined && !names.includes(input.service))
    throw badInput([unknownName('service', input.service, names)]);
  const services = input.service === undefined ? names : [input.service];
  const mistakes = windowMistakes(input, asked);
  const closures = services.map((name) => closureFor(world, name, mistakes));
  const page = await pageFor(input, world, mistakes);
  const [doors, size] = await Promise.all([
    doorMistakes(world, closures, signal),
    pageSize(input, world, closures, page, mistakes),
  ]);
  mistakes.push(...doors);
  if (mistakes.length > 0) throw badInput(mistakes);
  const intent = intentOf(input, world, closures, page);
  const { note: _note, dryRun: _dryRun, planHash: _hash, planned: _planned, ...same } = input;
  return {
    format: 2,
    intent,
    hash: digestOf(intent),
    same: digestOf({ ...same, cluster: [cluster.cluster, world.digest] }),
    observed: { at: new Date().toISOString(), hosts: {} },
    notes: [...size, ...noticeNotes(input, asked, intent.notifications)],
  };
}

function closureFor(world: World, name: string, mistakes: Mistake[]): PlannedClosure {
  const { services, balancers } = world.cluster;
  const { routes, maintenance } = services[name]!;
  const doors = routes.flatMap(({ balancer, backend, entry }, index) => {
    if (entry) {
      const host = balancers[balancer]?.host ?? balancer;
      return [{ balancer, host, backend, entry, byHand: world.doors(balancer).byHand(backend) }];
    }
    mistakes.push({
      code: 'noEntry',
      path: `services.${name}.routes.${index}.entry`,
      value: 'nothing',
      rule: `the cluster file must say where ${balancer} takes requests to it, such as {port: 80}: the page is proven there`,
    });
    return [];
  });
  const flagFile = maintenance?.flagFile ?? null;
  return { name, doors, flagFile, hosts: hostsOf(world.cluster, name).map((host) => host.name) };
}

const settingsOf = ({ maintenance }: Cluster) => maintenance ?? MaintenanceSettings.parse({});

async function pageFor(
  input: MaintenanceModeInput,
  { cluster, folder }: World,
  mistakes: Mistake[],
): Promise<PlannedPage> {
  const settings = settingsOf(cluster);
  const template = await readTemplate(settings.template, folder).catch((error: unknown) => {
    mistakes.push(templateMistake(error));
    return { sha256: null };
  });
  const { content, contact = settings.contact ?? '', languages = settings.languages } = input;
  const both = (of: (allow: AllowList) => string[]) => [
    ...new Set([...of(settings.allow), ...of(input.allow)]),
  ];
  const allow = { addresses: both((one) => one.addresses), passes: both((one) => one.passes) };
  allow.passes.forEach((reference, index) => {
    const rule = passRule(reference, folder);
    if (rule) mistakes.push({ code: 'badPass', path: `allow.passes.${index}`, value: reference, rule });
  });
  return { content, contact, languages, timeZone: settings.timeZone, template: template.sha256, allow };
}

/** @returns what is wrong with a secret, without a word of it */
function passRule(reference: string, folder: string): string | undefined {
  try {
    const secret = secretIn(reference, folder);
    if (secret.length < SHORTEST_PASS) return `must have at least ${SHORTEST_PASS} characters`;
    return /^[\x21-\x7e]+$/.test(secret) && !/[;,"\\]/.test(secret)
      ? undefined
      : 'must be visible ASCII without ; , " and \\, as headers and cookies carry it';
  } catch (error) {
    if (error instanceof SecretUnavailable) return error.message;
    throw error;
  }
}

function templateMistake(error: unknown): Mistake {
  if (!(error instanceof PageWrong)) throw error;
  return { code: 'badTemplate', path: 'maintenance.template', value: 'template', rule: error.message };
}

/** The page as it would be, at every balancer; the note tells how large it is. */
async function pageSize(
  input: MaintenanceModeInput,
  world: World,
  closures: PlannedClosure[],
  page: PlannedPage,
  mistakes: Mistake[],
): Promise<string[]> {
  if (mistakes.some(({ code }) => code === 'badTemplate' || code === 'badPass')) return [];
  const { from, to } = windowOf(input, Date.now());
  const times = { from: new Date(from).toISOString(), to: new Date(Math.max(from, to)).toISOString() };
  try {
    const texts = await Promise.all(
      closures.map(async ({ name, doors }) => {
        const closure = await closureOf(world, { service: name, page, times });
        const bytes = Math.max(Buffer.byteLength(closure.page), Buffer.byteLength(closure.late));
        const most = Math.min(...doors.map(({ balancer }) => world.doors(balancer).largestPage));
        if (bytes > most)
          mistakes.push({
            code: 'tooLarge',
            path: 'maintenance.template',
            value: `${bytes} bytes`,
            rule: `the page of ${name} may have ${most} bytes at its balancers`,
          });
        return `the page of ${name} has ${bytes} bytes of at most ${most}`;
      }),
    );
    return texts;
  } catch (error) {
    mistakes.push(templateMistake(error));
    return [];
  }
}

/** What keeps balancers from showing a page: lines that are missing, and an entry where nobody answers. */
async function doorMistakes(
  world: World,
  closures: PlannedClosure[],
  signal: AbortSignal,
): Promise<Mistake[]> {
  const doors = closures.flatMap(({ doors }) => doors);
  const found = await Promise.all(
    doors.map(async ({ balancer, host, backend, entry }): Promise<Mistake[]> => {
      const path = `balancers.${balancer}`;
      try {
        const complaints = await world.doors(balancer).examine(backend, signal);
        if (complaints.length > 0)
          return complaints.map(({ code, what }) => ({ code, path, value: backend, rule: what }));
        await served(world.hosts.on(host), entry, signal);
        return [];
      } catch (error) {
        if (!(error instanceof PawlError)) throw error;
        return [{ code: error.type, path, value: error.type, rule: error.message }];
      }
    }),
  );
  return found.flat();
}

function intentOf(
  input: MaintenanceModeInput,
  world: World,
  closures: PlannedClosure[],
  page: PlannedPage,
): MaintenanceIntent {
  const names = closures.map(({ name }) => name);
  const { unit, port, release, health, version, limits } = world.cluster.services[names[0]!]!;
  const notifications = tellsOf(world.cluster, names);
  const { start, end, durationMinutes, maxMinutes, announce, personDeadlineHours, unreachableSeconds } =
    input;
  return {
    workflow: 'maintenanceMode',
    cluster: { name: world.cluster.cluster, file: input.cluster, digest: world.digest },
    service: { name: names.join(', '), unit, port, release, health, version, limits },
    about: `closed for maintenance (${input.content})`,
    hosts: [],
    maxUnavailable: 0,
    steps: STEPS,
    closures,
    page,
    times: { start, end, durationMinutes, maxMinutes, announce },
    ...(notifications && { notifications }),
    settings: {
      // none of its hosts is worked on
      drain: { deadlineSeconds: 0, onDeadline: 'putBack' },
      approvals: [],
      onFailure: 'undo',
      failureBudget: 0,
      progressDeadlineSeconds: 0,
      personDeadlineHours,
      unreachableSeconds,
    },
  };
}

/** Every channel that one of the services concerns. */
function tellsOf(cluster: Cluster, services: string[]): PlannedNotifications | undefined {
  const all = services.flatMap((name) => plannedNotifications(cluster, name) ?? []);
  const [first] = all;
  return (
    first && {
      ...first,
      channels: Object.assign({}, ...all.map(({ channels }) => channels)) as typeof first.channels,
    }
  );
}

function noticeNotes(
  input: MaintenanceModeInput,
  asked: number,
  to: PlannedNotifications | undefined,
): string[] {
  if (!to) return ['nobody is told: the cluster file names no channels'];
  const { due, past } = noticesBefore(input.announce, windowOf(input, asked).from, asked);
  return [
    ...due.map(
      ({ ahead, at }) => `people are told ${ahead} ahead, at ${new Date(at).toISOString().slice(0, 16)}Z`,
    ),
    ...(past.length ? [`too late to tell people ${past.join(' and ')} ahead`] : []),
  ];
}
