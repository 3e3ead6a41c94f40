import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';
import { bootId, cutSsh, down, exec, fillDisk, freeDisk, freeze, heal, partition } from '../../lab/hosts';
import { powerCut, powerOff, reboot, start, status, thaw, up, type Lab } from '../../lab/hosts';
import { hierarchies } from '../../lab/hosts/cgroups';
import { mountsBelow } from '../../lab/hosts/mounts';
import { labDir, labId } from '../../lab/hosts/topology';
import { installDeb, makeDeb } from '../../lab/service';

const NAME = 'test-hosts';
const run = promisify(execFile);
let lab: Lab;

beforeAll(async () => {
  await down(NAME);
  lab = await up({ name: NAME, hosts: 1 });
}, 300_000);

afterAll(() => down(NAME), 60_000);

const addressOf = (host: string) => lab.hosts.find((one) => one.name === host)!.address;
const balancer = () => `http://${addressOf('lb1')}`;
const ssh = async (target: string, command: string) =>
  (await run('ssh', ['-F', lab.sshConfig, target, command], { timeout: 15_000 })).stdout.trim();
const starts = async () =>
  (await exec(NAME, 'n1', ['cat', '/var/log/web/starts.log'])).stdout.trim().split('\n');

async function ask(url: string): Promise<{ status: number; body: string }> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
  return { status: answer.status, body: (await answer.text()).trim() };
}

async function eventually(expected: unknown, look: () => Promise<unknown>): Promise<void> {
  let seen: unknown;
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) {
    seen = await look().catch((error: Error) => error.message);
    if (seen === expected) return;
  }
  expect(seen).toBe(expected);
}

it('lets the real ssh client in, as root and as a user with sudo', async () => {
  expect(await ssh('n1', 'hostname; id -un')).toBe('n1\nroot');
  expect(await ssh('pawl@lb1', 'sudo -n id -un')).toBe('root');
});

it('serves the first release through the balancer', async () => {
  expect(await ask(`${balancer()}/`)).toEqual({ status: 200, body: 'n1 1.0.0' });
  expect(await ask(`${balancer()}/version`)).toEqual({ status: 200, body: '1.0.0' });
  expect(await ask(`${balancer()}/health`)).toEqual({ status: 200, body: 'ok' });
  expect(await ask(`${balancer()}/nothing`)).toMatchObject({ status: 404 });
});

it('keeps running hosts when brought up again, and takes a spare in and out', async () => {
  const before = await bootId(NAME, 'n1');
  const more = await up({ name: NAME, hosts: 1, spare: 1 });
  expect(more.hosts.map((host) => host.name)).toEqual(['n1', 's1', 'lb1']);
  expect((await exec(NAME, 's1', ['systemctl', 'is-active', 'web'])).stdout).toBe('active\n');
  lab = await up({ name: NAME, hosts: 1 });
  expect(lab.hosts.map((host) => host.name)).toEqual(['n1', 'lb1']);
  expect(existsSync(`${labDir(NAME)}/hosts/s1`)).toBe(false);
  expect(await bootId(NAME, 'n1')).toBe(before);
}, 60_000);

it('comes back from a reboot with another boot id and the service running', async () => {
  const [idBefore, startsBefore] = [await bootId(NAME, 'n1'), await starts()];
  const id = await reboot(NAME, 'n1');
  expect(id).not.toBe(idBefore);
  await eventually('n1 1.0.0', async () => (await ask(`${balancer()}/`)).body);
  const startsNow = await starts();
  expect(startsNow).toHaveLength(startsBefore.length + 1);
  expect(startsNow.at(-1)).toContain(`1.0.0`);
  expect(startsNow.at(-1)).toContain(id);
}, 60_000);

it.each([
  ['powered off', powerOff],
  ['cut from power', powerCut],
])(
  'stays off when %s, and starts again with its disk',
  async (_, fault) => {
    await exec(NAME, 'n1', ['touch', '/root/kept']);
    await fault(NAME, 'n1');
    expect((await status(NAME))?.hosts[0]).toMatchObject({ name: 'n1', state: 'off' });
    await eventually(503, async () => (await ask(`${balancer()}/`)).status);
    await start(NAME, 'n1');
    expect(await ssh('n1', 'ls /root/kept; rm /root/kept')).toBe('/root/kept');
    await eventually(200, async () => (await ask(`${balancer()}/`)).status);
  },
  60_000,
);

it('freezes and thaws', async () => {
  await freeze(NAME, 'n1');
  expect((await status(NAME))?.hosts[0]).toMatchObject({ state: 'frozen' });
  await expect(ask(`http://${addressOf('n1')}:8080/health`)).rejects.toThrow(/timeout/);
  await thaw(NAME, 'n1');
  expect(await ask(`http://${addressOf('n1')}:8080/health`)).toMatchObject({ status: 200 });
}, 30_000);

it('cuts a host off from the balancer only, then from everybody', async () => {
  const direct = async () => (await ask(`http://${addressOf('n1')}:8080/`)).status;
  await eventually(200, async () => (await ask(`${balancer()}/`)).status);
  await partition(NAME, 'n1', ['lb1']);
  await eventually(503, async () => (await ask(`${balancer()}/`)).status);
  expect(await direct()).toBe(200);
  await partition(NAME, 'n1');
  await expect(direct()).rejects.toThrow(/timeout/);
  await heal(NAME, 'n1');
  expect(await direct()).toBe(200);
  await eventually(200, async () => (await ask(`${balancer()}/`)).status);
}, 30_000);

it('ends SSH sessions while their programs go on', async () => {
  const session = ssh('n1', 'sleep 3; touch /root/went-on; sleep 60');
  const outcome = expect(session).rejects.toMatchObject({ code: 255 });
  await eventually(0, async () => (await exec(NAME, 'n1', ['pgrep', '-x', 'sleep'])).code);
  await cutSsh(NAME, 'n1');
  await outcome;
  await eventually(0, async () => (await exec(NAME, 'n1', ['ls', '/root/went-on'])).code);
}, 30_000);

it('fills the disk of the releases, and frees it', async () => {
  const write = async () => (await exec(NAME, 'n1', ['cp', '/etc/hosts', '/opt/web/more'])).stderr;
  await fillDisk(NAME, 'n1');
  expect(await write()).toMatch(/No space left/);
  await freeDisk(NAME, 'n1');
  expect(await write()).toBe('');
});

it('upgrades the Debian package without starting or restarting anything', async () => {
  const old = await makeDeb({ version: '1.0.0' });
  await installDeb(NAME, 'n1', old);
  const version = async () => (await ask(`${balancer()}:81/version`)).body;
  await eventually('1.0.0', version);
  const { file } = await makeDeb({ version: '1.1.0' });
  await run('scp', ['-q', '-F', lab.sshConfig, file, 'n1:/root/new.deb']);
  await ssh('n1', 'dpkg --install /root/new.deb');
  expect(await version()).toBe('1.0.0');
  await ssh('n1', 'systemctl restart webdeb');
  await eventually('1.1.0', version);
  expect((await makeDeb({ version: '1.0.0' })).sha256).toBe(old.sha256);
}, 30_000);

it('lets a long request end before the service stops', async () => {
  await eventually(200, async () => (await ask(`${balancer()}/`)).status);
  const long = fetch(`${balancer()}/slow?ms=1500`);
  await new Promise((r) => setTimeout(r, 300));
  await exec(NAME, 'n1', ['systemctl', 'restart', 'web']);
  expect((await long).status).toBe(200);
});

it('leaves nothing behind, twice', async () => {
  await freeze(NAME, 'lb1');
  await down(NAME);
  await down(NAME);
  expect(await status(NAME)).toBeUndefined();
  expect(existsSync(labDir(NAME))).toBe(false);
  expect(await mountsBelow(labDir(NAME))).toEqual([]);
  const groups = (await hierarchies()).flatMap((top) => readdirSync(top));
  expect(groups).not.toContain(`pawl-${labId(NAME)}`);
  expect((await run('ip', ['link'])).stdout).not.toMatch(new RegExp(`\\b${lab.bridge}\\b`));
  const commands = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map(commandLine);
  expect(commands.filter((command) => command.includes(labDir(NAME)))).toEqual([]);
}, 60_000);

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // ended meanwhile
  }
}
