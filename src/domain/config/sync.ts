/** Which release comes to hosts by itself. It never goes back. */
import type { Synced } from '../../contracts/config-sync';

export interface ReleaseSeen {
  tag: string;
  commit: string;
  /** the last commit that changed anything of the set, as hosts know it */
  revision: string;
}

export interface HostSeen {
  host: string;
  /** what it says it has; null: it gives no answer */
  label: string | null | undefined;
  /** the commit that its label stands for, where the config centre knows it */
  commit?: string;
}

export interface SyncSeen {
  /** of one service, those with a record, newest first */
  releases: readonly ReleaseSeen[];
  hosts: readonly HostSeen[];
  /** the last one that was started by itself, and what became of it, as Temporal says */
  last?: Synced & { state: string };
}

export type SyncVerdict = { says: string; start?: ReleaseSeen };

/** Of what a change found on a host, where that had no label: there is nothing to compare. */
const FOUND = /^before-/;

/** @param comesBefore whether a commit is an ancestor of another one, or the same */
export async function nextRelease(
  { releases, hosts, last }: SyncSeen,
  comesBefore: (one: string, other: string) => Promise<boolean>,
): Promise<SyncVerdict> {
  let newest: ReleaseSeen | undefined;
  // by history: dates and names of tags are what somebody has written
  for (const release of releases)
    if (!newest || (release.commit !== newest.commit && (await comesBefore(newest.commit, release.commit))))
      newest = release;
  if (!newest) return { says: 'it has no release with a whole record' };
  const { tag, revision } = newest;
  if (last && (await comesBefore(newest.commit, last.commit)))
    return { says: `${last.tag} was the last one: ${last.run} (${last.state})` };
  if (last?.state === 'RUNNING') return { says: `${tag} waits: ${last.run} is at work` };
  const silent = hosts.filter(({ label }) => label === null);
  if (silent.length > 0) return { says: `${tag} waits: ${names(silent)} cannot be asked what it has` };
  if (hosts.every(({ label }) => label === revision)) return { says: `every host has ${tag}` };
  const strange = hosts.filter(
    ({ label, commit }) => label != null && commit === undefined && !FOUND.test(label),
  );
  if (strange.length > 0)
    return { says: `${tag} is not started: what ${names(strange)} has is not in the repository` };
  for (const host of hosts)
    if (host.commit !== undefined && !(await comesBefore(host.commit, newest.commit)))
      return { says: `${tag} is not started: ${host.host} has ${host.label}, which does not come before it` };
  return { says: `${tag} is started`, start: newest };
}

const names = (hosts: readonly HostSeen[]) => hosts.map(({ host }) => host).join(', ');
