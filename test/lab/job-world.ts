/** One lab host, and jobs of the test on it that write down their own effects. */
import { randomBytes } from 'node:crypto';
import { down, exec, up } from '../../lab/hosts';
import { openHosts, sshJobs } from '../../src/adapters/ssh';
import { Cluster } from '../../src/contracts/cluster';
import type { JobResult, JobSpec, RemoteHost, RemoteHosts } from '../../src/contracts/world';

/** Written by the jobs, never by Pawl. */
const EFFECTS = '/var/log/effects';

export interface JobWorld {
  lab: string;
  cluster: Cluster;
  host: RemoteHost;
  /** other hosts of the same lab, to be closed by the caller */
  openAs(ssh: Partial<Cluster['ssh']>): RemoteHosts;
  /** a job that runs shell text as its program; each of them is another one */
  job(text: string, changes?: Partial<JobSpec>): JobSpec;
  run(job: JobSpec, signal?: AbortSignal, onProgress?: (line: string) => void): Promise<JobResult>;
  /** as root on the host, not over SSH */
  inside(...argv: string[]): Promise<string>;
  /** waits for a line in the effects; @returns how often it stands there */
  effects(line: string, atLeast?: number): Promise<number>;
  close(): Promise<void>;
}

/** Shell text that notes an effect. */
export const note = (line: string) => `echo ${line} >> ${EFFECTS}`;

export async function openJobWorld(lab: string): Promise<JobWorld> {
  await down(lab);
  const { sshConfig } = await up({ name: lab, hosts: 1 });
  const cluster = Cluster.parse({
    cluster: 'lab',
    ssh: { config: sshConfig },
    hosts: { n1: { roles: ['web'] } },
    balancers: {},
    services: {},
  });
  const hosts: RemoteHosts = openHosts(cluster, { folder: '/' });
  const host = hosts.on('n1');
  const jobs = sshJobs();
  const inside = async (...argv: string[]) => (await exec(lab, 'n1', argv)).stdout.trim();
  const count = async (line: string) =>
    (await inside('cat', EFFECTS)).split('\n').filter((found) => found === line).length;
  let attempt = 0;
  return {
    lab,
    cluster,
    host,
    openAs: (ssh) => openHosts({ ...cluster, ssh: { ...cluster.ssh, ...ssh } }, { folder: '/' }),
    job: (text, changes = {}) => ({
      key: randomBytes(32).toString('hex'),
      lane: randomBytes(4).toString('hex'),
      fence: { epoch: 1_000, attempt: (attempt += 1) },
      script: 'command',
      args: ['sh', '-c', text],
      maxSeconds: 60,
      ifCut: 'report',
      ...changes,
    }),
    run: (job, signal = new AbortController().signal, onProgress) => jobs.run(host, job, signal, onProgress),
    inside,
    effects: async (line, atLeast = 1) => {
      for (const end = Date.now() + 10_000; Date.now() < end;) {
        if ((await count(line)) >= atLeast) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return count(line);
    },
    close: async () => {
      await hosts.close();
      await down(lab);
    },
  };
}
