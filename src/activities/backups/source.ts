/** What the cluster file says of a source of backups. */
import type { Backups, BackupSource } from '../../contracts/backups';
import type { Mistake } from '../../contracts/failures';
import { badInput, unknownName } from '../../domain/mistakes';
import type { World } from '../world';

export interface Source {
  name: string;
  settings: BackupSource;
  store: Backups['store'];
  /** names of those it is taken on */
  hosts: string[];
}

/** @throws BadInput where the cluster file says nothing of backups */
export function sourceNames({ cluster: { backups } }: World): string[] {
  if (!backups) throw badInput([noBackups()]);
  return Object.keys(backups.sources);
}

/** @throws BadInput where the cluster file has no such source */
export function sourceNamed({ cluster }: World, name: string): Source {
  const { backups, hosts } = cluster;
  if (!backups) throw badInput([noBackups()]);
  const settings = Object.hasOwn(backups.sources, name) ? backups.sources[name] : undefined;
  if (!settings) throw badInput([unknownName('source', name, Object.keys(backups.sources))]);
  const { role, host } = settings;
  const all = Object.keys(hosts).filter((one) => role !== undefined && hosts[one]!.roles.includes(role));
  return { name, settings, store: backups.store, hosts: host === undefined ? all : [host] };
}

export function noBackups(): Mistake {
  const rule = 'the cluster file says nothing of backups: it needs backups.store and backups.sources';
  return { code: 'missing', path: 'cluster', value: 'nothing', rule };
}
