/** Backups and moments as people write them on a command line. */
import { PawlError } from '../contracts/failures';
import { Moment } from '../contracts/inputs/common';
import { lookAtBackups } from './backups-look';

/** `shop-data.db1.20261129T020000123Z`, and no name of a source */
export const isId = (text: string) => /\.\d{8}T\d{9}Z$/.test(text);

/** @throws BadInput where it is none */
export function mustBeId(text: string, cluster: string): string {
  if (isId(text)) return text;
  throw new PawlError(
    'BadInput',
    `"${text}" is no id of a backup; \`pawl backups list ${cluster}\` shows them`,
  );
}

/** Of the id of a backup. Names of sources and hosts may have dots in them; then a worker is asked. */
export async function sourceOf(id: string, cluster: string): Promise<string> {
  const [source = '', ...more] = id.split('.');
  if (more.length === 2) return source;
  const { backups } = await lookAtBackups({ cluster });
  const look = backups.sources.find(({ entries }) => entries.some((entry) => entry.id === id));
  if (look) return look.source;
  throw noBackup(id, cluster);
}

export const noBackup = (id: string, cluster: string) =>
  new PawlError(
    'BadInput',
    `there is no backup ${id}; \`pawl backups list ${cluster}\` shows those there are`,
  );

/**
 * Without a zone it would be another moment for whoever reads it elsewhere.
 *
 * @param option that it is given with
 */
export function timeOf(text: string, option: string): string {
  if (!Moment.safeParse(text).success)
    throw new PawlError('BadInput', `${option}: "${text}" is no time; write it like 2026-11-29T02:00:00Z`);
  return new Date(text).toISOString();
}

/** Of a backup, which holds one moment and no other. */
export const noMoment = (id: string) =>
  new PawlError(
    'BadInput',
    `--at: ${id} is a backup, which holds its own moment; name its source for another one`,
  );
