import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where servers' programs lie; PATH of a plain user lacks them. */
const FOLDERS_OF_ROOT = ['/usr/sbin', '/sbin'];

/** The full path of a program that is installed on this machine, or undefined. */
export function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return [...folders, ...FOLDERS_OF_ROOT].map((folder) => join(folder, program)).find(isProgram);
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
