/** A MySQL on hosts of a lab, in the place of their MariaDB. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from './error';
import { exec } from './hosts';
import { run } from './hosts/command';
import { debianMirror } from './hosts/mirror';
import { hostRoot } from './hosts/topology';
import { cacheDir } from './paths';

/** No stable Debian has it. */
const SUITE = 'sid';
/** Its programs go with it. */
const WITHOUT = 'mariadb-common-';
const LIMIT_MS = 600_000;

/**
 * Hosts have no way out: packages are fetched on this machine.
 *
 * @param server where it shall run, too; the others have its programs
 */
export async function installMysql(lab: string, hosts: readonly string[], server: string): Promise<void> {
  const packages = await packagesFor(hostRoot(lab, hosts[0]!));
  await Promise.all(
    hosts.map(async (host) => {
      await cp(packages, join(hostRoot(lab, host), 'root/packages'), { recursive: true });
      const script = host === server ? `${INSTALL} && ${START}` : INSTALL;
      const { code, stdout, stderr } = await exec(lab, host, ['sh', '-c', script], { timeoutMs: LIMIT_MS });
      if (code !== 0)
        throw new LabError(`${host} takes no MySQL: ${`${stdout}\n${stderr}`.trim().slice(-600)}`);
    }),
  );
}

const INSTALL = `set -e; export DEBIAN_FRONTEND=noninteractive
systemctl stop mariadb.socket mariadb 2>/dev/null || true
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
rm -rf /var/lib/mysql
# systemd of this Debian does not read its file of accounts; mysql is there already
mv /usr/bin/systemd-sysusers /root/sysusers; ln -s true /usr/bin/systemd-sysusers
apt-get -qq -y --no-install-recommends -o Dpkg::Options::=--force-confnew -o Dpkg::Options::=--force-unsafe-io --purge install /root/packages/*.deb ${WITHOUT}
mv /root/sysusers /usr/bin/systemd-sysusers; rm -rf /root/packages /usr/sbin/policy-rc.d`;
const START = `systemctl enable --now mysql && for i in $(seq 100); do mysql --execute 'SELECT 1' && exit 0; sleep 0.2; done; exit 1`;

/** MySQL and what it needs beside what a host has. */
async function packagesFor(root: string): Promise<string> {
  const folder = join(cacheDir, 'lab', `mysql-${process.arch}`);
  const done = join(folder, 'archives');
  if (existsSync(done)) return done;
  const work = join(folder, 'unfinished');
  await rm(work, { recursive: true, force: true });
  for (const part of ['lists/partial', 'archives/partial'])
    await mkdir(join(work, part), { recursive: true });
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  await writeFile(
    join(work, 'sources.list'),
    `deb [signed-by=${keys}] ${await debianMirror()} ${SUITE} main\n`,
  );
  const options = Object.entries({
    'Dir::Etc::SourceList': join(work, 'sources.list'),
    'Dir::Etc::SourceParts': '-',
    'Dir::State': work,
    'Dir::State::Status': join(root, 'var/lib/dpkg/status'),
    'Dir::Cache': work,
    'Dir::Cache::Archives': join(work, 'archives'),
  }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const apt = (...args: string[]) =>
    run('apt-get', ['-qq', '-y', ...options, ...args], { timeoutMs: LIMIT_MS });
  await apt('update');
  await apt('install', '--download-only', '--no-install-recommends', 'mysql-server', WITHOUT);
  const archives = await readdir(join(work, 'archives'));
  if (!archives.some((name) => name.startsWith('mysql-server'))) throw new LabError('MySQL was not fetched');
  await rm(join(work, 'archives', 'partial'), { recursive: true, force: true });
  await rm(join(work, 'archives', 'lock'), { force: true });
  await cp(join(work, 'archives'), done, { recursive: true });
  await rm(work, { recursive: true, force: true });
  return done;
}
