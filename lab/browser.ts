import { ensurePrograms } from './packages';
import { onPath } from './temporal/programs';

/** Chromium and those that are built on it; any of them will do. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A browser without a window, for tests that click. */
export function installedBrowser(): string | undefined {
  return NAMES.map(onPath).find((path) => path !== undefined);
}

/**
 * Installs Debian's chromium where there is no browser yet.
 *
 * @returns why there is none afterwards
 */
export async function browserObstacles(): Promise<string[]> {
  if (installedBrowser()) return [];
  const wanted = { program: 'chromium', debianPackage: 'chromium' };
  return ensurePrograms([wanted], "to click through Temporal's web interface (about 400 MB)").then(
    () => [],
    (error: Error) => [`no browser: ${error.message.split('\n')[0]}`],
  );
}
