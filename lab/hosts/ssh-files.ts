import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command';
import { describe, hostRoot, labDir, type LabState } from './topology';

/** The key that all hosts of the lab let in; made once for each lab. */
export async function ensureLoginKey(lab: string): Promise<void> {
  const file = join(labDir(lab), 'id_ed25519');
  await mkdir(labDir(lab), { recursive: true, mode: 0o755 });
  if (existsSync(file) && existsSync(`${file}.pub`)) return;
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `pawl-lab-${lab}`, '-f', file], {
    input: 'y\n', // replaces half of a pair that a killed run left
  });
}

/** Writes ssh_config and known_hosts for all hosts. */
export async function writeSshFiles(state: LabState): Promise<void> {
  const { sshConfig, knownHosts, identityFile } = describe(state);
  const entries: string[] = [];
  const keys: string[] = [];
  for (const { name, address } of state.hosts) {
    const file = join(hostRoot(state.name, name), 'etc/ssh/ssh_host_ed25519_key.pub');
    const [type, key] = (await readFile(file, 'utf8')).split(' ');
    keys.push(`${name},${address} ${type} ${key}\n`);
    entries.push(sshEntry(name, address, identityFile, knownHosts));
  }
  await writeFile(knownHosts, keys.join(''));
  await writeFile(sshConfig, entries.join('\n'));
}

const sshEntry = (name: string, address: string, identityFile: string, knownHosts: string) => `Host ${name}
  HostName ${address}
  Port 22
  User root
  IdentityFile ${quote(identityFile)}
  IdentitiesOnly yes
  UserKnownHostsFile ${quote(knownHosts)}
  StrictHostKeyChecking yes
`;

const quote = (path: string) => (/\s/.test(path) ? `"${path}"` : path);
