/** Whether what comes to hosts was changed by people who may. */
import { signersOf, type ConfigRepository } from '../../adapters/config-centre';
import type { Base } from '../../adapters/config-centre/history';
import { PawlError, type Mistake } from '../../contracts/failures';
import type { PlannedConfig, PlannedHost } from '../../contracts/plan';
import { breaches, signatureText } from '../../domain/config/rights';
import { currentLabel } from '../config-look';
import type { World } from '../world';

/** Commits of which a plan says who signed them. */
const MOST_NOTES = 20;

interface Asked {
  config: Pick<PlannedConfig, 'set' | 'commit'>;
  centre: ConfigRepository;
  hosts: readonly PlannedHost[];
  /** who asks */
  by?: string;
  /** the release whose record is used */
  tag?: string;
}

/**
 * Each host is asked what it has, and what comes to it is judged from there: no host vouches for another one. Where
 * there are no rights, nobody is asked.
 *
 * @returns every breach, and in `notes` who signed what
 * @throws BadInput where the keys cannot be read
 */
export async function judgeRights(
  world: World,
  { config: { set, commit }, centre, hosts, by, tag }: Asked,
  signal: AbortSignal,
): Promise<{ mistakes: Mistake[]; notes: string[] }> {
  const rights = world.cluster.config?.rights;
  if (!rights) return { mistakes: [], notes: [] };
  const signers = await signersOf(world);
  const since = rights.since ?? null;
  if (since !== null && !(await centre.has(since))) return { mistakes: [noSince(since)], notes: [] };
  const labels = await Promise.all(hosts.map(({ name }) => labelAt(world, name, set, signal)));
  const has = await Promise.all(labels.map(async (label) => label && centre.has(label)));
  const bases: Base[] = [...new Set(has)].map((known) => ({ has: known ?? null, since }));
  const touched = await centre.touchedSince(set, commit, bases);
  const commits = await centre.commits([...new Set(touched.map((one) => one.commit))], signers);
  const notes = [...commits.values()]
    .slice(0, MOST_NOTES)
    .map((each) => `commit ${each.id.slice(0, 12)} ${signatureText(each)}`);
  if (commits.size > MOST_NOTES) notes.push(`and ${commits.size - MOST_NOTES} commits before these`);
  if (tag !== undefined) {
    const [release] = (await centre.releases(set)).filter((each) => each.tag === tag);
    const signature = await centre.tagSignature(tag, signers);
    notes.unshift(`record ${signatureText({ signature, author: release?.by ?? 'nobody' })}`);
  }
  return { mistakes: breaches(touched, commits, rights.rules, by), notes };
}

/** One that cannot be asked is as one of which nothing is known. */
async function labelAt(
  world: World,
  host: string,
  set: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await currentLabel(world.hosts.on(host), set, signal);
  } catch (error) {
    if (!(error instanceof PawlError)) throw error;
    return undefined;
  }
}

const noSince = (commit: string): Mistake => ({
  ...{ code: 'noRevision', path: 'config.rights.since', value: commit },
  rule: 'the repository has no such commit on a branch or a tag',
});
