/** A config centre in a folder of its own, and a cluster file that names it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { simpleGit, type SimpleGit } from 'simple-git';

const CLUSTER = `cluster: lab
hosts:
  n1: { roles: [app], address: 10.0.0.1 }
  n2: { roles: [app, canary], address: 10.0.0.2 }
  lb1: { roles: [balancer] }
balancers:
  edge: { kind: haproxy, host: lb1 }
services:
  web:
    role: app
    unit: web.service
    port: 8080
    release: { kind: tarball, releases: /opt/web/releases, current: /opt/web/current }
    health: { path: /health }
    routes: [{ balancer: edge, backend: web }]
config: { repository: centre }
`;

/** By path; null takes a file away. */
export type Files = Record<string, string | Buffer | null>;

export const WEB: Files = {
  'web/config.yaml': `targets:
  - { path: /etc/web/app.conf, source: app.conf.liquid, after: { restart: web.service } }
  - { path: /etc/web/motd, source: motd, mode: "0600", after: nothing }
`,
  'web/values.yaml': 'port: 8080\nlimits: { open: 100, idle: 5 }\n',
  'web/values/lab/cluster.yaml': 'limits: { open: 200 }\n',
  'web/values/lab/groups/canary.yaml': 'limits: { idle: 9 }\n',
  'web/values/lab/hosts/n1.yaml': 'port: 8081\n',
  'web/files/app.conf.liquid':
    'name={{ host.name }} port={{ port }} open={{ limits.open }} idle={{ limits.idle }}\n{% for it in hosts %}peer={{ it.address }}\n{% endfor %}',
  'web/files/motd': 'as it is: {{ port }}\n',
};

export class TestCentre {
  private constructor(
    readonly folder: string,
    readonly git: SimpleGit,
  ) {}

  static async make(files: Files = WEB): Promise<TestCentre> {
    const folder = mkdtempSync(join(tmpdir(), 'pawl-centre-'));
    writeFileSync(join(folder, 'cluster.yaml'), CLUSTER);
    mkdirSync(join(folder, 'centre'));
    const git = simpleGit(join(folder, 'centre'));
    await git.init(['--initial-branch=main']);
    await git.addConfig('user.name', 'ann').then(() => git.addConfig('user.email', 'ann@example.org'));
    const centre = new TestCentre(folder, git);
    await centre.commit(files, 'first');
    return centre;
  }

  get cluster(): string {
    return join(this.folder, 'cluster.yaml');
  }

  at(path: string): string {
    return join(this.folder, 'centre', path);
  }

  write(files: Files): void {
    for (const [path, content] of Object.entries(files)) {
      if (content === null) rmSync(this.at(path));
      else {
        mkdirSync(dirname(this.at(path)), { recursive: true });
        writeFileSync(this.at(path), content);
      }
    }
  }

  async commit(files: Files, message: string): Promise<string> {
    this.write(files);
    await this.git.add(['--all']);
    await this.git.commit(message);
    return this.git.revparse(['HEAD']);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
