import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openHosts } from '../../../src/adapters/ssh';
import { Endpoints } from '../../../src/adapters/ssh/endpoint';
import { Cluster } from '../../../src/contracts/cluster';
import { clusterOf, startSshd, type TestSshd } from './sshd';

let inner: TestSshd;
let bastion: TestSshd;
const { signal } = new AbortController();

beforeAll(async () => {
  bastion = await startSshd();
  inner = await startSshd({ keyTypes: ['ecdsa'] });
});
afterAll(async () => {
  await inner.stop();
  await bastion.stop();
});

async function say(cluster: Cluster, host = 'h1', folder = '/'): Promise<string> {
  const hosts = openHosts(cluster, { folder });
  try {
    // the port that sshd serves tells which one it was
    const args = ['sh', '-c', 'echo $SSH_CONNECTION'];
    return (await hosts.on(host).run('run-command', args, { signal })).stdout.trim();
  } finally {
    await hosts.close();
  }
}

/** An ssh_config in the inner sshd's folder. */
async function sshConfig(text: string): Promise<string> {
  await writeFile(join(inner.folder, 'config'), text);
  return 'config';
}
const knownHosts = () => join(inner.folder, 'known');
const pin = (sshd: TestSshd, name = `[127.0.0.1]:${sshd.port}`) =>
  `${name} ${Object.values(sshd.hostKeys)[0]}\n`;
const bare = (ssh: object) =>
  Cluster.parse({ cluster: 'test', ssh, hosts: { web1: { roles: ['web'] } }, balancers: {}, services: {} });

it('goes through a jump host of the cluster file', async () => {
  const jump = { roles: ['jump'], address: '127.0.0.1', port: bastion.port, user: 'root' };
  const before = bastion.sessions().length;
  const cluster = clusterOf(inner, {
    host: { proxyJump: 'jump' },
    hosts: { jump: { ...jump, hostKey: bastion.hostKeys.ed25519 } },
    ssh: { identityFile: await sharedKey() },
  });
  const hosts = openHosts(cluster, { folder: '/' });
  const text = 'echo $SSH_CONNECTION; head -c 2000000 /dev/zero | wc -c';
  const ran = await hosts.on('h1').run('run-command', ['sh', '-c', text], { signal });
  expect(ran.stdout).toMatch(new RegExp(` ${inner.port}\n2000000\n$`));
  expect(bastion.sessions().length).toBe(before + 1);
  const [rider] = bastion.sessions();
  const running = hosts.on('h1').run('run-command', ['sleep', '9'], { signal });
  running.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 300));
  process.kill(rider!, 'SIGKILL');
  await expect(running).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  expect((await hosts.on('h1').run('run-command', ['echo', 'on'], { signal })).stdout).toBe('on\n');
  await hosts.close();
});

it('pins the key of the jump host, too', async () => {
  const jump = { roles: ['jump'], address: '127.0.0.1', port: bastion.port, user: 'root' };
  const hosts = { jump: { ...jump, hostKey: inner.hostKeys.ecdsa } };
  const cluster = clusterOf(inner, {
    host: { proxyJump: 'jump' },
    hosts,
    ssh: { identityFile: await sharedKey() },
  });
  await expect(say(cluster)).rejects.toMatchObject({
    type: 'HostKeyChanged',
    message: expect.stringContaining('jump'),
  });
});

it('honours ssh_config: names, ports, users, keys, known_hosts, aliases of host keys and jumps', async () => {
  await writeFile(knownHosts(), pin(inner, 'alias-of-web1') + pin(bastion));
  const config = await sshConfig(`
Host web*
  HostName 127.0.0.1
  Port ${inner.port}
  HostKeyAlias alias-of-web1
  ProxyJump hop
Host hop
  HostName 127.0.0.1
  Port ${bastion.port}
Host *
  User root
  IdentityFile ${await sharedKey()}
  UserKnownHostsFile ${knownHosts()}
`);
  expect(await say(bare({ config }), 'web1', inner.folder)).toMatch(new RegExp(` ${inner.port}$`));
});

it('lets the cluster file go before ssh_config', async () => {
  await writeFile(knownHosts(), pin(bastion));
  const config = await sshConfig('Host h1\n  HostName 203.0.113.1\n  Port 1\n  User nobody\n');
  const cluster = clusterOf(bastion, { host: { hostKey: undefined }, ssh: { config, knownHosts: 'known' } });
  expect(await say(cluster, 'h1', inner.folder)).toMatch(new RegExp(` ${bastion.port}$`));
});

it('logs in with the keys of an agent', async () => {
  const socket = join(bastion.folder, 'agent.sock');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(agent.stdout, 'data');
  process.env.SSH_AUTH_SOCK = socket;
  try {
    await once(spawn('ssh-add', ['-q', bastion.identityFile], { stdio: 'ignore', env: process.env }), 'exit');
    const cluster = clusterOf(bastion, { ssh: { agent: true, identityFile: '/nowhere' } });
    expect(await say(cluster)).toMatch(new RegExp(` ${bastion.port}$`));
    process.env.SSH_AUTH_SOCK = '';
    await expect(say(cluster)).rejects.toThrow('SSH_AUTH_SOCK');
  } finally {
    delete process.env.SSH_AUTH_SOCK;
    agent.kill('SIGKILL');
  }
});

describe('what cannot be understood is BadInput', () => {
  it.each([
    ['a config that is not there', { config: 'nothing-here' }, 'web1', /nothing-here/],
    ['a ProxyCommand', 'Host *\n  ProxyCommand nc %h %p\n', 'web1', /ProxyJump/],
    ['an unknown setting', 'Host *\n  Wonderland yes\n', 'web1', /wonderland/i],
    [
      'jumps in a circle',
      'Host web1\n  ProxyJump a\nHost a\n  ProxyJump b\nHost b\n  ProxyJump a\n',
      'web1',
      /circle/,
    ],
  ])('%s', async (_, given, host, words) => {
    const ssh = typeof given === 'string' ? { config: await sshConfig(given) } : given;
    await expect(say(bare(ssh), host, inner.folder)).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringMatching(words),
    });
  });
});

it('knows the forms of a jump host', async () => {
  const endpoints = new Endpoints(bare({}), '/');
  expect(await endpoints.find('me@gate:2222')).toMatchObject({ address: 'gate', user: 'me', port: 2222 });
  expect(await endpoints.find('one,me@[fe80::1]:22')).toMatchObject({
    address: 'fe80::1',
    user: 'me',
    jump: 'one',
  });
  await expect(endpoints.find('a b:c')).rejects.toMatchObject({ type: 'BadInput' });
});

it('needs no ssh program where no ssh_config is named, and says so where one is', async () => {
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  try {
    expect(await new Endpoints(bare({}), '/').find('web1')).toMatchObject({ address: 'web1', port: 22 });
    await expect(new Endpoints(bare({ config: 'x' }), '/').find('web1')).rejects.toThrow('openssh-client');
  } finally {
    process.env.PATH = path;
  }
});

/** One key that both servers take. */
async function sharedKey(): Promise<string> {
  const { copyFile } = await import('node:fs/promises');
  await copyFile(`${bastion.identityFile}.pub`, join(inner.folder, 'authorized_keys'));
  return bastion.identityFile;
}
