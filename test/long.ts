/** What takes long and has a short neighbour that proves most of it: only `npm run test:chaos` plays it. */
import { full } from './full';

export const longIt = full ? it : it.skip;

/** @param few rows that tell most; they come first */
export const selection = <T>(table: readonly T[], few: number): T[] => table.slice(0, full ? undefined : few);
