/** Looks whether hosts have the configuration that they shall have. Reads the config centre and hosts; changes nothing. */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { openCentre, type ConfigRepository, type Rendered } from '../adapters/config-centre';
import type { Release } from '../adapters/config-centre/repository';
import { withoutSecrets } from '../adapters/secrets';
import type {
  Age,
  DriftDiff,
  DriftLook,
  Finding,
  SeenFile,
  SeenHost,
  WantedRights,
} from '../contracts/config-drift';
import type { ChangeRecord } from '../contracts/config-set';
import { PawlError } from '../contracts/failures';
import { ConfigDriftInput } from '../contracts/inputs/config-drift';
import { bounded, driftOf, isMended, keysOf, unreachable } from '../domain/config/drift';
import { masked } from '../domain/config/masked';
import { grouped, patchOf } from '../domain/config/patch';
import { badInput, unknownName } from '../domain/mistakes';
import { digestOf } from '../domain/plan-hash';
import { abreast } from './abreast';
import { attempt } from './attempt';
import { busyHosts } from './busy';
import { filesAt } from './config-files';
import { seenOn } from './config-seen';
import { parsePlanInput } from './plan/input';
import { plannedNotifications } from './plan/notifications';
import type { World, Worlds } from './world';

/** Hosts that are looked at side by side. */
const ABREAST = 20;
/** What one result carries. */
const MOST_FINDINGS = 1_000;
const MOST_DIFFS = 40;
/** Files that diffs are made of: each takes a moment. */
const MOST_EDITS = 200;
const MOST_LINES = 120;
const LONGEST_DIFF = 8_000;
/** Characters that a record holds of what was found. */
const LONGEST_WHY = 1_500;

interface Wanted {
  /** as it was asked for, or the newest release */
  ref: string;
  commit: string;
  revision: string;
  release: Release | undefined;
  /** by host */
  files: Map<string, Rendered[]>;
}

/** One host, looked at or not. */
interface Look {
  host: string;
  busy: string | null;
  seen: SeenHost | null;
  findings: Finding[];
}

export function driftActivities(worlds: Worlds) {
  return {
    async findDrift(raw: unknown): Promise<DriftLook> {
      const input = parsePlanInput(ConfigDriftInput, raw);
      const world = await worlds.read(input.cluster);
      const { client } = Context.current();
      const { signal, progress } = attempt({ epoch: 0 });
      const centre = await openCentre(world);
      const wanted = await wantedBy(input, world, centre);
      const hosts = chosen(input.hosts, [...wanted.files.keys()]);
      const busy = () => busyHosts(client, world.cluster.cluster, input.service);
      const before = await busy();
      const ageOf = agesIn(centre, input.service, wanted.commit);
      let looked = 0;
      const looks = await abreast(ABREAST, hosts, async (host) => {
        const look = await lookAt(world, input.service, wanted, host, before(host), ageOf, signal);
        progress(`${(looked += 1)} of ${hosts.length} hosts`);
        return look;
      });
      // who has begun meanwhile may have been met in the middle
      const after = await busy();
      return told(
        input,
        world,
        wanted,
        looks.map((look) => leftOut(look, look.busy ?? after(look.host))),
      );
    },
  };
}

async function wantedBy(input: ConfigDriftInput, world: World, centre: ConfigRepository): Promise<Wanted> {
  const { service } = input;
  const releases = await centre.releases(service);
  const ref = input.revision ?? releases[0]?.tag;
  if (ref === undefined) {
    const rule = `the config centre has no release of ${service}: name a branch or a commit, or make a release with \`pawl config tag\``;
    throw badInput([{ code: 'noRelease', path: 'revision', value: 'nothing', rule }]);
  }
  const commit = await centre.commitOf(ref);
  const revision = await centre.revisionOf(service, commit);
  const files = await filesAt(world, centre, { set: service, commit, revision });
  const release = releases.find(({ tag, commit: of }) => tag === ref && of === commit);
  return { ref, commit, revision, release, files };
}

function chosen(names: string[] | undefined, known: string[]): string[] {
  const mistakes = (names ?? []).flatMap((name, index) => {
    const path = `hosts.${index}`;
    if (!known.includes(name)) return [unknownName(path, name, known)];
    return names!.indexOf(name) === index
      ? []
      : [{ code: 'twice', path, value: name, rule: 'each host once' }];
  });
  if (mistakes.length > 0) throw badInput(mistakes);
  return names ?? known;
}

/** Each revision is asked for once, however many hosts have it. */
export function agesIn(centre: ConfigRepository, service: string, commit: string) {
  const known = new Map<string, Promise<Age>>();
  return (label: string): Promise<Age> => {
    const age = known.get(label) ?? centre.ageOf(service, label, commit);
    known.set(label, age);
    return age;
  };
}

/** @param busy who works on it: then it is not looked at */
export async function lookAt(
  world: World,
  set: string,
  { files, revision }: Pick<Wanted, 'files' | 'revision'>,
  host: string,
  busy: string | null,
  ageOf: (label: string) => Promise<Age>,
  signal: AbortSignal,
): Promise<Look> {
  if (busy !== null) return { host, busy, seen: null, findings: [] };
  try {
    const own = files.get(host)!;
    const seen = await seenOn(world.hosts.on(host), set, own, signal);
    if (seen.job !== null)
      return { host, busy: `job ${seen.job.slice(0, 12)} on the host`, seen: null, findings: [] };
    const labels = Object.values(seen.revisions);
    const ages = Object.fromEntries(
      await Promise.all(labels.map(async (label) => [label, await ageOf(label)] as const)),
    );
    const wanted = new Map(own.map((file) => [file.target.path, rightsOf(file)]));
    const findings = driftOf({ host, seen, revision, wanted, ageOf: (label) => ages[label] ?? 'unknown' });
    return { host, busy: null, seen, findings };
  } catch (error) {
    if (signal.aborted || !(error instanceof PawlError)) throw error;
    const why = withoutSecrets(error.message).slice(0, 300);
    return { host, busy: null, seen: null, findings: [unreachable(host, why)] };
  }
}

const rightsOf = ({ target: { mode, owner, group }, bytes }: Rendered): WantedRights => ({
  ...{ mode, owner, group },
  sum: createHash('sha256').update(bytes).digest('hex'),
});

const leftOut = (look: Look, busy: string | null): Look =>
  busy === null ? look : { ...look, busy, seen: null, findings: [] };

async function told(
  input: ConfigDriftInput,
  world: World,
  wanted: Wanted,
  looks: readonly Look[],
): Promise<DriftLook> {
  const { service, correct, dryRun } = input;
  const { cluster } = world.cluster;
  const findings = looks.flatMap((look) => look.findings);
  const edits = editsIn(looks, wanted.files);
  const diffs = await diffsOf(edits.slice(0, MOST_EDITS));
  const notifications = input.notify ? plannedNotifications(world.cluster, service) : undefined;
  // what only a person can mend stops the change of its host
  const stuck = new Set(findings.filter(({ kind }) => !isMended(kind)).map(({ host }) => host));
  const mendable = findings.filter(({ host, kind }) => isMended(kind) && !stuck.has(host));
  const drifted = new Set(looks.filter(({ seen }) => (seen?.files.length ?? 0) > 0).map(({ host }) => host));
  const mended = mendable.filter(({ host }) => drifted.has(host));
  return {
    ...{ cluster, file: input.cluster, service, wanted: wanted.ref, revision: wanted.revision },
    hosts: looks.map(hostOf),
    findings: findings.slice(0, MOST_FINDINGS),
    moreFindings: Math.max(0, findings.length - MOST_FINDINGS),
    diffs: diffs.slice(0, MOST_DIFFS),
    moreDiffs: Math.max(0, diffs.length - MOST_DIFFS) + Math.max(0, edits.length - MOST_EDITS),
    keys: bounded(keysOf(findings)),
    mended: bounded(keysOf(mended)),
    correction:
      world.cluster.services[service] && mended.length > 0 ? correctionOf(input, wanted, mended) : null,
    correctionId: `config-${service}-drift-${digestOf([wanted.commit, keysOf(mended)]).slice(0, 12)}`,
    mayCorrect: world.cluster.config?.correctDrift ?? false,
    ...{ correct, dryRun },
    notes: input.note === undefined ? [] : [input.note],
    ...(notifications && { notifications }),
  };
}

function hostOf({ host, busy, seen, findings }: Look): DriftLook['hosts'][number] {
  const label = seen?.current?.label ?? null;
  if (busy !== null) return { name: host, label, is: 'busy', note: `under change by ${busy}` };
  const [first] = findings;
  if (!first) return { name: host, label, is: 'asWanted' };
  if (first.kind === 'unreachable') return { name: host, label, is: 'unreachable', note: first.text };
  const counts = new Map<string, number>();
  for (const { kind } of findings) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const note = [...counts].map(([kind, count]) => (count > 1 ? `${count} ${kind}` : kind)).join(', ');
  return { name: host, label, is: 'drifted', note };
}

interface Edit {
  hosts: string[];
  file: SeenFile;
  wanted: Rendered;
}

/** The same bytes in the place of the same ones are one, whoever has them. */
function editsIn(looks: readonly Look[], files: Wanted['files']): Edit[] {
  const edits = new Map<string, Edit>();
  for (const { host, seen, findings } of looks) {
    const edited = new Set(findings.filter(({ kind }) => kind === 'edited').map(({ path }) => path));
    for (const file of seen?.files ?? []) {
      const wanted = files.get(host)?.find(({ target }) => target.path === file.path);
      if (!wanted || !edited.has(file.path)) continue;
      const { path, sum, mode, owner, group } = file;
      const key = JSON.stringify([path, sum, mode, owner, group, rightsOf(wanted)]);
      const known = edits.get(key);
      if (known) known.hosts.push(host);
      else edits.set(key, { hosts: [host], file, wanted });
    }
  }
  return [...edits.values()];
}

/** What reads the same on several hosts is one diff, though each has bytes of its own. */
async function diffsOf(edits: readonly Edit[]): Promise<DriftDiff[]> {
  const texts: { host: string; text: string }[] = [];
  for (const { hosts, file, wanted } of edits) {
    // this worker has more to do
    await setImmediate();
    const text = `${file.path}\n${diffOf(file, wanted)}`;
    texts.push(...hosts.map((host) => ({ host, text })));
  }
  return grouped(texts).map(({ hosts, text }) => {
    const [path = '', ...rest] = text.split('\n');
    return { path, hosts, text: shortDiff(rest) };
  });
}

/** From what is wanted to what is there: `+` is what somebody has written. */
function diffOf(file: SeenFile, { target, bytes }: Rendered): string {
  const { path, mode, owner, group, content } = file;
  const hidden = target.sensitive || content === undefined;
  if (hidden) return target.sensitive ? 'what it holds is not shown' : 'there is no room for what it holds';
  const shown = (text: Buffer) => masked(withoutSecrets(text.toString('utf8')));
  const from = { text: shown(bytes), mode: target.mode, owner: target.owner, group: target.group };
  const to = { text: shown(Buffer.from(content, 'base64')), mode, owner, group };
  return patchOf(path, from, to) ?? 'only what is secret is different';
}

function shortDiff(lines: string[]): string {
  const shown = lines.slice(0, MOST_LINES).map((line) => line.slice(0, 500));
  while (shown.join('\n').length > LONGEST_DIFF) shown.pop();
  const left = lines.length - shown.length;
  return [...shown, ...(left > 0 ? [`… ${left} more lines`] : [])].join('\n');
}

/** @returns what a configCanary is started with; a release has a record of its own */
function correctionOf({ cluster, service }: ConfigDriftInput, wanted: Wanted, mended: readonly Finding[]) {
  const { ref, commit, revision, release } = wanted;
  const hosts = [...new Set(mended.map(({ host }) => host))];
  const found = mended
    .map(({ host, path, text }) => `${host}: ${path === null ? '' : `${path} `}${text}`)
    .join('; ');
  const record: ChangeRecord = {
    what: `configuration ${revision} of ${service} once more, on hosts that are otherwise (${hosts.length})`,
    why: found.length > LONGEST_WHY ? `${found.slice(0, LONGEST_WHY)} …` : found,
    impact:
      'each of these hosts leaves rotation for its switch; what somebody has changed by hand is replaced',
    rollback: 'each host keeps what it has now, and gets it back when something is wrong',
  };
  return {
    ...{ cluster, service, hosts, revision: release ? ref : commit },
    ...(!release?.record && { record }),
  };
}
