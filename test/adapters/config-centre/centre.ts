/** A config centre in a folder of its own, and a cluster file that names it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simpleGit, type SimpleGit } from 'simple-git';
import { commitAll, writeAll, type Files } from '../../commit';

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

export type { Files } from '../../commit';

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
    const centre = new TestCentre(folder, simpleGit(join(folder, 'centre')));
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
    writeAll(join(this.folder, 'centre'), files);
  }

  commit(files: Files, message: string): Promise<string> {
    return commitAll(join(this.folder, 'centre'), files, message);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
