/** A large config centre, and folders that stand for the hosts that have its files. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { simpleGit } from 'simple-git';
import type { Rendered } from '../../src/adapters/config-centre';
import { Cluster } from '../../src/contracts/cluster';

/** Where hosts have the files. */
export const PLACE = '/etc/bench';
/** Bytes of a file, about. */
const SIZE = 2_000;

export class BenchCentre {
  private constructor(
    readonly folder: string,
    readonly cluster: Cluster,
    readonly commit: string,
  ) {}

  /** Every second file is a template, and half of those are another one on each host. */
  static async make(files: number, hosts: number): Promise<BenchCentre> {
    const folder = await mkdtemp(join(tmpdir(), 'pawl-bench-config-'));
    const git = simpleGit(await made(join(folder, 'centre')));
    await git.init(['--initial-branch=main']);
    await git.addConfig('user.name', 'bench').then(() => git.addConfig('user.email', 'bench@example.org'));
    const all = Array.from({ length: files }, (_, n) => n);
    await put(join(folder, 'centre/web/config.yaml'), `targets:\n${all.map(target).join('')}`);
    await put(join(folder, 'centre/web/values.yaml'), 'limits: { open: 100, idle: 5 }\nname: web\n');
    for (const n of all) await put(join(folder, 'centre/web/files', source(n)), text(n));
    await git.add(['--all']);
    await git.commit('all');
    return new BenchCentre(folder, clusterOf(hosts), await git.revparse(['HEAD']));
  }

  /** A host that has nearly all of it: every tenth file is another one, and every hundredth is not there. */
  async host(name: string, files: readonly Rendered[]): Promise<string> {
    const root = join(this.folder, 'hosts', name);
    for (const [n, { target, bytes }] of files.entries())
      if (n % 100 !== 99)
        await put(join(root, target.path), n % 10 === 9 ? `${bytes.toString()}by hand\n` : bytes);
    return root;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}

const source = (n: number) => `part-${n % 20}/f${n}.conf${n % 2 ? '' : '.liquid'}`;

const target = (n: number) =>
  `  - { path: ${PLACE}/part-${n % 20}/f${n}.conf, source: ${source(n)}, after: ${n % 5 ? 'nothing' : '{ reload: bench.service }'} }\n`;

function text(n: number): string {
  const head = [
    `# file ${n}`,
    ...(n % 2 ? [] : ['open={{ limits.open }} idle={{ limits.idle }} of {{ name }} at {{ revision }}']),
    ...(n % 4 ? [] : ['name={{ host.name }}', '{% for it in hosts %}peer={{ it.address }}', '{% endfor %}']),
  ].join('\n');
  const line = `key-${n} = a value that says nothing\n`;
  return `${head}\n${line.repeat(Math.floor((SIZE - head.length) / line.length))}`;
}

function clusterOf(hosts: number): Cluster {
  const names = Array.from({ length: hosts }, (_, n) => `h${n + 1}`);
  return Cluster.parse({
    cluster: 'bench',
    hosts: Object.fromEntries(names.map((name) => [name, { roles: ['app'] }])),
    balancers: { edge: { kind: 'haproxy', host: 'h1' } },
    services: {
      web: {
        ...{ role: 'app', unit: 'bench.service', port: 8080, health: { path: '/health' } },
        release: { kind: 'tarball', releases: '/opt/web/releases', current: '/opt/web/current' },
        routes: [{ balancer: 'edge', backend: 'web' }],
      },
    },
    config: { repository: 'centre' },
  });
}

async function put(path: string, content: string | Buffer): Promise<void> {
  await made(dirname(path));
  await writeFile(path, content);
}

async function made(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return folder;
}
