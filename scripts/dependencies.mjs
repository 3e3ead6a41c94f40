// Makes sure that node_modules holds exactly what package-lock.json names. Node's own modules only:
// this runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { alone } from './alone.mjs';
import { root, say, seconds } from './ground.mjs';

const LOWEST_NODE = [20, 19];

/** Installs the dependencies when they are missing or not those of the lock file. */
export async function ensureDependencies() {
  refuseOldNode();
  if (await installed()) return;
  await alone('dependencies', async () => {
    if (await installed()) return;
    say('installing dependencies (npm ci)');
    const started = performance.now();
    const npm = spawnSync('npm', ['ci', '--include=dev', '--no-progress', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    });
    if (npm.status !== 0) {
      throw new Error(`npm ci failed (${npm.error?.message ?? `code ${npm.status}`}); its words stand above`);
    }
    say(`dependencies installed in ${seconds(started)}`);
  });
}

function refuseOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = LOWEST_NODE;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Error(`Node ${process.versions.node} is too old: install Node ${LOWEST_NODE.join('.')} or newer`);
}

/** npm keeps the list of what it installed beside the packages; it is written last. */
async function installed() {
  const wanted = await packages('package-lock.json');
  const found = await packages('node_modules/.package-lock.json').catch(() => undefined);
  if (!found) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    const there = found[path];
    if (path === '' || (optional && !there)) return true;
    return there?.version === version && there?.integrity === integrity;
  });
}

async function packages(file) {
  return JSON.parse(await readFile(join(root, file), 'utf8')).packages;
}
