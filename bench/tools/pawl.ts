import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { run } from '../../lab/hosts/command';
import { root, stateDir } from '../../lab/paths';
import type { Release, Stand } from '../stand';
import type { Tool } from './tool';

/** What the other tools do, and no more: nothing is observed after a host is back. */
export function upgradeInput(stand: Pick<Stand, 'cluster'>, { version, file }: Release): object {
  return {
    cluster: stand.cluster,
    service: 'web',
    version,
    artifact: { file },
    batches: ['100%'],
    minHealthySeconds: 0,
    soakSeconds: 0,
    watchSeconds: 0,
    gate: { enabled: false },
  };
}

export const pawl: Tool = {
  name: 'pawl',
  about: '`pawl start --watch` from its start to its exit; the worker runs already',

  async prepare() {
    return undefined;
  },

  async upgrade(stand, release) {
    const id = `bench-${release.version}-${randomUUID().slice(0, 8)}`;
    const file = join(stateDir, 'bench', 'input.json');
    await writeFile(file, JSON.stringify(upgradeInput(stand, release)));
    const started = performance.now();
    await run(
      process.execPath,
      [join(root, 'bin/pawl.cjs'), 'start', 'rollingUpgrade', '-f', file, '--id', id, '--watch'],
      { cwd: root, env: { TEMPORAL_ADDRESS: stand.temporal.address }, timeoutMs: 120_000 },
    );
    const whole = (performance.now() - started) / 1_000;
    const ofRun = await runSeconds(stand, id);
    return { 'run by the server’s clock': ofRun, 'command line': whole - ofRun };
  },

  wholeOf: (phases) => Object.values(phases).reduce((sum, seconds) => sum + seconds, 0),

  async end() {},
};

async function runSeconds({ temporal }: Stand, id: string): Promise<number> {
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const { startTime, closeTime } = await new Client({ connection }).workflow.getHandle(id).describe();
    return (closeTime!.getTime() - startTime.getTime()) / 1_000;
  } finally {
    await connection.close();
  }
}
