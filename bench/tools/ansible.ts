import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, run } from '../../lab/hosts/command';
import { asset, cacheDir, stateDir } from '../../lab/paths';
import { fillCache } from '../../lab/temporal/cache';
import { telling } from '../../lab/temporal/words';
import type { Stand } from '../stand';
import { installAsk } from './shell';
import type { Tool } from './tool';

const PLAYBOOK = asset('bench/ansible/upgrade.yml');
const INVENTORY = join(stateDir, 'bench', 'inventory.ini');
/** Empty, so that no other one counts. */
const CONFIG = join(stateDir, 'bench', 'ansible.cfg');

/** The same playbook in three ways: what Ansible does by itself, and the two ways to make it quicker. */
export const ansibles: readonly Tool[] = [
  ansible('ansible with mitogen', 'its strategy mitogen_linear', async (venv) => ({
    ANSIBLE_STRATEGY: 'mitogen_linear',
    ANSIBLE_STRATEGY_PLUGINS: join(await sitePackages(venv), 'ansible_mitogen/plugins/strategy'),
  })),
  ansible('ansible with pipelining', 'pipelining=True', async () => ({ ANSIBLE_PIPELINING: 'True' })),
  ansible('ansible', 'defaults: no ansible.cfg', async () => ({})),
];

function ansible(
  name: string,
  how: string,
  settings: (venv: string) => Promise<Record<string, string>>,
): Tool {
  let venv = '';
  return {
    name,
    about: `ansible-playbook bench/ansible/upgrade.yml, ${how}`,

    async prepare(stand) {
      await installAsk(stand);
      await writeFile(INVENTORY, inventory(stand));
      await writeFile(CONFIG, '');
      try {
        venv = await installed();
      } catch (error) {
        return (error as Error).message.split('\n').slice(0, 2).join(' ');
      }
      return undefined;
    },

    async upgrade(_stand, { file, sha256, version }) {
      const values = JSON.stringify({ archive: file, sha256, version });
      // its scripts name the folder in which pip ran, the module does not
      const playbook = ['-m', 'ansible', 'playbook', '-i', INVENTORY, '-e', values, PLAYBOOK];
      await run(join(venv, 'bin/python'), playbook, {
        cwd: stateDir,
        env: { ANSIBLE_CONFIG: CONFIG, ...(await settings(venv)) },
        timeoutMs: 300_000,
      });
      return {};
    },

    async end() {},
  };
}

function inventory(stand: Stand): string {
  // Ansible's own ssh options stay as they are: connections are shared and kept for a minute
  return `[app]
${stand.hosts.join('\n')}
[balancer]
lb1
[all:vars]
ansible_ssh_common_args=-F ${stand.lab.sshConfig}
ansible_python_interpreter=/usr/bin/python3
`;
}

/** A virtual environment in the user's cache, with exactly the pinned packages. */
async function installed(): Promise<string> {
  const pins = asset('bench/ansible/requirements.txt');
  const digest = createHash('sha256')
    .update(await readFile(pins))
    .digest('hex');
  const venv = join(cacheDir, `ansible-${digest.slice(0, 12)}`);
  if (existsSync(venv)) return venv;
  if ((await attempt('python3', ['-m', 'venv', '--help'])).code !== 0)
    throw new Error('python3 with venv is needed (Debian: python3-venv)');
  await telling('installing Ansible and mitogen with pip', () =>
    fillCache(venv, async (draft) => {
      await run('python3', ['-m', 'venv', draft]);
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', pins];
      await run(join(draft, 'bin/python'), pip, { timeoutMs: 300_000 });
    }),
  );
  return venv;
}

async function sitePackages(venv: string): Promise<string> {
  const [python] = await readdir(join(venv, 'lib'));
  return join(venv, 'lib', python!, 'site-packages');
}
