/** Services that are closed with a page: for a maintenance, or while a change works. */
import type { Cluster } from '../../contracts/cluster';
import { PawlError, type Mistake } from '../../contracts/failures';
import type { MaintenanceModeInput } from '../../contracts/inputs/maintenance-mode';
import type { AllowList, PlannedClosure, PlannedPage } from '../../contracts/maintenance';
import { MaintenanceSettings } from '../../contracts/maintenance';
import { PageWrong, readTemplate } from '../../adapters/maintenance-page';
import { secretIn, SecretUnavailable } from '../../adapters/secrets';
import { closureOf } from '../maintenance';
import { served } from '../served';
import type { World } from '../world';
import { hostsOf } from '../world';
import { needsRoutes } from './common';

/** Who shows it is let through from anywhere, so it must be nothing that can be guessed. */
const SHORTEST_PASS = 16;

/** What the page says, and who gets through. */
type PageInput = Pick<MaintenanceModeInput, 'content' | 'contact' | 'languages' | 'allow'>;

/** Milliseconds. */
interface Window {
  from: number;
  to: number;
}

export interface Closures {
  closures: PlannedClosure[];
  page: PlannedPage;
  notes: string[];
}

/** Doors, flag files and the page of services; asks balancers and changes nothing. */
export async function planClosures(
  input: PageInput,
  services: string[],
  window: Window,
  world: World,
  signal: AbortSignal,
  mistakes: Mistake[],
): Promise<Closures> {
  for (const name of services)
    mistakes.push(...needsRoutes(world.cluster.services[name]!, `services.${name}`, 'maintenance'));
  const closures = services.map((name) => closureFor(world, name, mistakes));
  const page = await pageFor(input, world, mistakes);
  const [doors, notes] = await Promise.all([
    doorMistakes(world, closures, signal),
    pageSize(window, world, closures, page, mistakes),
  ]);
  mistakes.push(...doors);
  return { closures, page, notes };
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
  input: PageInput,
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
  { from, to }: Window,
  world: World,
  closures: PlannedClosure[],
  page: PlannedPage,
  mistakes: Mistake[],
): Promise<string[]> {
  if (mistakes.some(({ code }) => code === 'badTemplate' || code === 'badPass')) return [];
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
