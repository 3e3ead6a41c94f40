/** What a simulated host answers to Pawl's programs, from memory. What a program would do is not done. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds that a service of the lab takes to stop and to start. */
const SWITCH = 120;

export interface SimulatedHost {
  version: string;
  /** checksums of what was uploaded, until it is unpacked */
  uploaded: Set<string>;
  /** checksums by staged version */
  staged: Map<string, string>;
  /** ends of jobs by their keys */
  jobs: Map<string, Promise<string>>;
  /** versions that were started, in order: the host's own journal */
  starts: string[];
}

export interface Reply {
  code: number;
  stdout: string;
}

const said = (stdout: string, code = 0): Reply => ({ code, stdout });

type Answer = (host: SimulatedHost, args: string[], stdin: Readable) => Reply | Promise<Reply>;

/** By the name in a program's `# usage:` line. */
export const ANSWERS: Record<string, Answer> = {
  'observe-host': ({ version }) =>
    said(`active=active\nload=loaded\nversion=${version}\nfreeMiB=1000\nlink=yes\n`),

  'raise-fences': () => said(''),
  'read-fences': () => said(''),

  'unit-state': () => said('ActiveState=active\nNRestarts=0\n'),

  'stage-tarball'(host, [archive = '', version = '', sha256 = '']) {
    if (host.staged.get(version) === sha256) return said('');
    if (!host.uploaded.delete(archive.split('/').at(-1)!)) return said('', 10);
    host.staged.set(version, sha256);
    return said('');
  },

  async upload(host, [, size = '', sha256 = ''], stdin) {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of stdin as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    if (bytes !== Number(size) || hash.digest('hex') !== sha256) return said('', 81);
    host.uploaded.add(sha256);
    return said('');
  },

  async 'job-run'(host, [key = '', , epoch, attempt, , , , , script = '']) {
    const wanted = /^set -- (.*)$/m
      .exec(script)?.[1]
      ?.split("' '")
      .at(-1)
      ?.split('/')
      .at(-1)
      ?.replace("'", '');
    const job = host.jobs.get(key) ?? work(host, wanted ?? '').then(() => `${epoch} ${attempt}`);
    host.jobs.set(key, job);
    return said(`state ended\nstarter ${await job}\nend success exited 0\n\n`);
  },
};

async function work(host: SimulatedHost, version: string): Promise<void> {
  await delay(SWITCH);
  host.version = version;
  host.starts.push(version);
}
