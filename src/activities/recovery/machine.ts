/** The host itself, and the files of its packages. */
import { FAILURES } from '../../contracts/failures';
import { parsePackages } from '../../adapters/recovery/said';
import { judgeHost, judgePackages, type Judged } from '../../domain/recovery/damage';
import { MOST_NAMED, NOBODY_MISSES } from '../../domain/recovery/limits';
import { taskOf } from '../examine';
import { examineBalancer } from '../examine/balancer';
import { commandsOn } from '../examine/commands';
import { examineHost } from '../examine/host';
import type { World } from '../world';
import { damaged, lastWords, readAs, unknown, type Look } from './look';

/** Seconds: all files of all packages are read. */
const VERIFY_SECONDS = 600;

export interface Machine {
  judged: Judged;
  /** false: nobody can look at anything there */
  answers: boolean;
  /** milliseconds against our clock; null: it could not be read */
  offset: number | null;
}

export async function lookAtMachine(world: World, host: string, signal: AbortSignal): Promise<Machine> {
  // nobody is told commands here, so the file's own name does not matter
  const { cluster, folder: file } = world;
  const on = commandsOn(cluster, file);
  const { findings, offset } = await examineHost(taskOf(world, host, file, on), signal);
  const away = findings.find(({ code }) => Object.hasOwn(FAILURES, code));
  if (away) return { judged: damaged(`does not answer by SSH: ${away.what}`), answers: false, offset: null };
  const balancers = Object.keys(cluster.balancers).filter((name) => cluster.balancers[name]!.host === host);
  const found = await Promise.all(balancers.map((name) => examineBalancer(world, name, file, on, signal)));
  return { judged: judgeHost(findings, found.flat()), answers: true, offset };
}

export function packagesOf(world: World, host: string): Look {
  const remote = world.hosts.on(host);
  return {
    subject: { kind: 'packages', packages: [] },
    withinMs: (VERIFY_SECONDS + 60) * 1_000,
    async work(signal) {
      const args = [String(VERIFY_SECONDS), String(MOST_NAMED), ...NOBODY_MISSES];
      const timeoutMs = (VERIFY_SECONDS + 30) * 1_000;
      const ran = await remote.run('verify-packages', args, { signal, timeoutMs });
      if (ran.code === DPKG_FAILS) return damaged(lastWords(ran));
      if (ran.code !== 0) return unknown(lastWords(ran));
      const { packages, ...judged } = judgePackages(readAs(remote, ran, parsePackages));
      return { ...judged, subject: { kind: 'packages', packages } };
    },
  };
}

const DPKG_FAILS = 34;
