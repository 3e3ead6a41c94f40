/** Backups and moments as people write them on a command line. */
import { PawlError } from '../contracts/failures';

/** `shop-data.db1.20261129T020000123Z`, and no name of a source */
export const isId = (text: string) => /\.\d{8}T\d{9}Z$/.test(text);

/** Of the id of a backup. Host names may have dots in them; then it is wrong, and the answer names the ones there are. */
export const sourceOf = (id: string) => id.split('.').slice(0, -2).join('.') || id;

/** @param text default: now */
export function timeOf(text = new Date().toISOString()): string {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new PawlError('BadInput', `"${text}" is no time; write it like 2026-11-29T02:00:00Z`);
  return new Date(time).toISOString();
}
