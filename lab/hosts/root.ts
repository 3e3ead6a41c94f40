import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { installFirstRelease } from '../service/install';
import { run } from './command';
import { MAP_FILES, haproxyConfig } from './haproxy';
import { mountsBelow, unmountBelow } from './mounts';
import { writeNginx } from './nginx';
import {
  bridgeName,
  gateway,
  hostDir,
  hostRoot,
  labDir,
  type LabHost,
  type LabState,
  type Role,
} from './topology';
import { enable } from './units';

/** Releases lie on a small file system of their own, so that a full disk can be had for real. */
const RELEASE_DISK = '256m';

/** What hosts run that do not run the example service; null: nothing. */
const UNITS: Partial<Record<Role, string | null>> = {
  balancer: 'haproxy.service',
  nginx: 'nginx.service',
  database: 'mariadb.service',
  backup: null,
};

/** Of a database whose binary logs are backed up; the rest is Debian's. */
const DATABASE = `[mysqld]
server_id = 1
log_bin = /var/log/mysql/mysql-bin.log
binlog_format = MIXED
expire_logs_days = 10
`;

const OVERLAYFS = 0x794c7630;

/** Makes a host's root file system ready to boot; one that is mounted already is left as it is. */
export async function ensureRoot(state: LabState, host: LabHost): Promise<void> {
  const dir = hostDir(state.name, host.name);
  const root = hostRoot(state.name, host.name);
  if (existsSync(join(dir, 'complete')) && (await mountsBelow(root)).includes(root)) return;
  await removeRoot(state.name, host.name);
  await mountRoot(dir, state.base);
  await writeIdentity(state, host, root);
  if (host.role === 'database') await writeDatabase(root);
  const unit = UNITS[host.role];
  if (unit === undefined) await installFirstRelease(root);
  else if (unit !== null) await enable(root, unit);
  await writeFile(join(dir, 'complete'), '');
}

export async function removeRoot(lab: string, host: string): Promise<void> {
  await unmountBelow(hostDir(lab, host));
  await rm(hostDir(lab, host), { recursive: true, force: true });
}

/** What changes when hosts join or leave; written into running hosts too. */
export async function writeClusterFiles(state: LabState, host: LabHost): Promise<void> {
  const root = hostRoot(state.name, host.name);
  const names = state.hosts.map(({ address, name }) => `${address} ${name}\n`).join('');
  await writeFile(join(root, 'etc/hosts'), `127.0.0.1 localhost\n${gateway(state.net)} machine\n${names}`);
  if (host.role === 'nginx') await writeNginx(root, state.hosts);
  if (host.role !== 'balancer') return;
  for (const file of MAP_FILES) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await appendFile(join(root, file), '');
  }
  await writeFile(join(root, 'etc/haproxy/haproxy.cfg'), haproxyConfig(state.hosts));
}

/** Overlay paths are relative, because colons and commas in them have a meaning of their own. */
async function mountRoot(dir: string, base: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  // an overlay cannot be the upper layer of another one; this is so where the clone lies in a container
  if ((await statfs(dir)).type === OVERLAYFS) await run('mount', ['-t', 'tmpfs', 'pawl-host', dir]);
  for (const part of ['upper', 'work', 'root']) await mkdir(join(dir, part), { recursive: true });
  const layers = `lowerdir=${base},upperdir=upper,workdir=work`;
  await run('mount', ['-t', 'overlay', 'pawl-root', '-o', layers, 'root'], { cwd: dir });
  await mkdir(join(dir, 'root/opt/web'), { recursive: true });
  await run(
    'mount',
    ['-t', 'tmpfs', '-o', `size=${RELEASE_DISK},mode=755`, 'pawl-releases', 'root/opt/web'],
    {
      cwd: dir,
    },
  );
}

async function writeIdentity(state: LabState, host: LabHost, root: string): Promise<void> {
  const put = async (path: string, text: string | Buffer, mode = 0o644) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text, { mode });
  };
  await put('etc/hostname', `${host.name}\n`);
  await put('etc/machine-id', `${randomBytes(16).toString('hex')}\n`);
  // sorts before 80-container-host0.network, which would win otherwise
  await put('etc/systemd/network/10-lab.network', networkFile(`${host.address}/24`));
  await put('etc/motd', `Host ${host.name} of Pawl's lab "${state.name}" (${bridgeName(state.net)})\n`);

  const key = join(root, 'etc/ssh/ssh_host_ed25519_key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', host.name, '-f', key]);
  const login = await readFile(join(labDir(state.name), 'id_ed25519.pub'));
  await put('root/.ssh/authorized_keys', login, 0o600);
  // OpenSSH reads the file as the user, so it must not be root's secret; its folder is the user's
  await put('home/pawl/.ssh/authorized_keys', login, 0o644);
}

async function writeDatabase(root: string): Promise<void> {
  await writeFile(join(root, 'etc/mysql/mariadb.conf.d/90-lab.cnf'), DATABASE);
  const owned = ['--directory', '--mode=2750', '--owner=mysql', '--group=adm', '/var/log/mysql'];
  await run('chroot', [root, 'install', ...owned]);
}

const networkFile = (address: string) => `[Match]
Name=host0
[Network]
Address=${address}
LinkLocalAddressing=no
IPv6AcceptRA=no
LLDP=no
`;
