/** What looks find wrong, all of it: one that fails keeps no other from being told. */
import type { BackupEntry } from '../../contracts/backups';
import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import { SecretUnavailable } from '../../adapters/secrets';
import { unknownName } from '../../domain/mistakes';

/** Of so many ids people choose. */
const MOST_SHOWN = 20;

/** An id that none of them has. */
export function unknownBackup(
  path: string,
  id: string,
  entries: readonly Pick<BackupEntry, 'id'>[],
): Mistake {
  return unknownName(
    path,
    id,
    entries.slice(-MOST_SHOWN).map((entry) => entry.id),
  );
}

export interface Mistakes {
  list: Mistake[];
  /** what the work gives; undefined where it failed, which is a mistake of this value then */
  of<T>(path: string, value: string, work: () => Promise<T>): Promise<T | undefined>;
}

export function collectMistakes(signal: AbortSignal): Mistakes {
  const list: Mistake[] = [];
  return {
    list,
    async of(path, value, work) {
      try {
        return await work();
      } catch (error) {
        const known = error instanceof PawlError || error instanceof SecretUnavailable;
        if (signal.aborted || !known) throw error;
        const code = error instanceof PawlError ? error.type : 'secret';
        list.push({ code, path, value, rule: error.message });
        return undefined;
      }
    },
  };
}
