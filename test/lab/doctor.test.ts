/** What `doctor` finds on hosts where something was broken on purpose. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Examination, Finding } from '../../src/contracts/examination';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { fillDisk, freeDisk } from '../../lab/hosts/faults';
import { run } from '../../lab/hosts/command';
import { Ground } from './ground';

let ground: Ground;
let broken: string;
beforeAll(async () => {
  ground = await Ground.up('test-doctor', 5);
  broken = join(dirname(ground.cluster), 'broken.yaml');
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(60_000);

let count = 0;
async function doctor(cluster: string): Promise<Examination> {
  const handle = await ground.client.workflow.start('doctor', {
    taskQueue: TASK_QUEUE,
    workflowId: `doctor-${(count += 1)}`,
    args: [{ cluster }],
  });
  return (await handle.result()) as Examination;
}

interface Editable {
  ssh: object;
  hosts: Record<string, object>;
}

/** A cluster file of these hosts that is a little different. */
async function edited(path: string, edit: (cluster: Editable) => unknown): Promise<void> {
  const cluster = parse(await readFile(ground.cluster, 'utf8')) as Editable;
  edit(cluster);
  await writeFile(path, stringify(cluster));
}

/** Shell text on a host, as root. */
const there = (host: string, text: string) => ground.inside(host, 'sh', '-c', text);

it('has nothing to say of a lab that is well, and says what it looked at', async () => {
  const { findings, looked } = await doctor(ground.cluster);
  expect(findings).toEqual([]);
  expect(looked).toEqual([
    '6 hosts: key, login, root, programs, /var/lib/pawl, space',
    expect.stringMatching(/^6 clocks: within \d+ ms of the worker's$/),
    'balancers edge: socket, level admin, master socket, state file, servers',
  ]);
});

describe('names each thing that is broken, with a command that mends it', () => {
  let found: Finding[];
  const of = (where: string) => found.filter((finding) => finding.where === where);

  beforeAll(async () => {
    const { knownHosts } = ground.lab;
    const keys = await readFile(knownHosts, 'utf8');
    await writeFile(knownHosts, keys.replace(/^n1,.*\n/m, ''));
    // a clock that is five minutes ahead
    await there(
      'n2',
      'printf \'#!/bin/sh\\n/usr/bin/date -d "+5 minutes" "$@"\\n\' >/usr/local/bin/date; chmod +x /usr/local/bin/date',
    );
    await fillDisk('test-doctor', 'n3');
    await there('n4', 'mv /usr/bin/setpriv /usr/bin/setpriv.away');
    await there(
      'lb1',
      "sed -i 's/level admin/level operator/' /etc/haproxy/haproxy.cfg; systemctl reload haproxy",
    );
    // an account that is not root
    await edited(broken, ({ hosts }) => (hosts['n5'] = { ...hosts['n5'], user: 'pawl' }));
    ({ findings: found } = await doctor(broken));
  });

  it('a host key that is not known', async () => {
    expect(of('n1')).toEqual([
      {
        code: 'HostKeyChanged',
        where: 'n1',
        what: expect.stringContaining('is not known: it shows ssh-ed25519 SHA256:'),
        command: expect.stringMatching(/^echo '10\.\S+ ssh-ed25519 \S+' >> '.*known_hosts'$/),
      },
    ]);
    await mend(of('n1'));
  });

  it('a clock that is off', () => {
    expect(of('n2')).toEqual([
      expect.objectContaining({
        code: 'clockOff',
        what: 'its clock is 5 min ahead',
        command: expect.stringContaining("n2 'timedatectl set-ntp true'"),
      }),
    ]);
  });

  it('a disk that is full', () => {
    expect(of('n3')).toEqual([
      expect.objectContaining({
        code: 'diskFull',
        what: expect.stringMatching(/^\/opt\/web\/releases has \d+ MiB free, 64 are needed/),
        command: expect.stringContaining("n3 'du -xm /opt/web/releases | sort -rn | head'"),
      }),
    ]);
  });

  it('a program that is missing', () => {
    expect(of('n4')).toEqual([
      expect.objectContaining({
        code: 'programMissing',
        what: 'has no setpriv',
        command: expect.stringContaining("n4 'apt-get install -y util-linux'"),
      }),
    ]);
  });

  it('an account that is not root', () => {
    expect(of('n5')).toEqual([
      {
        code: 'notRoot',
        where: 'n5',
        what: expect.stringContaining('pawl is not root; set "sudo: true" under "ssh:"'),
        command: `\${EDITOR:-vi} ${broken}`,
      },
    ]);
  });

  it('a socket without level admin', async () => {
    expect(of('edge')).toEqual([
      expect.objectContaining({
        code: 'notAdmin',
        what: 'its socket /run/haproxy/admin.sock has level operator and must have level admin',
      }),
    ]);
    await mend(of('edge'));
  });

  it('and nothing else; what was mended is not named again', async () => {
    expect(found).toHaveLength(6);
    await putRight();
    expect((await doctor(ground.cluster)).findings).toEqual([]);
  });

  async function putRight(): Promise<void> {
    await there('n2', 'rm -f /usr/local/bin/date');
    await freeDisk('test-doctor', 'n3');
    await there('n4', 'mv -f /usr/bin/setpriv.away /usr/bin/setpriv || true');
  }
  afterAll(putRight);

  /** The commands as they are, typed by a person. */
  async function mend(findings: Finding[]): Promise<void> {
    for (const { command } of findings) await run('sh', ['-c', command]);
  }
});

describe('where sudo is used', () => {
  it('names the host that asks for a password', async () => {
    const sudo = join(dirname(ground.cluster), 'sudo.yaml');
    await edited(sudo, ({ ssh }) => Object.assign(ssh, { user: 'pawl', sudo: true }));
    await there('n1', 'mkdir -p /root/away; mv /etc/sudoers.d/* /root/away');
    await there('lb1', 'gpasswd -d pawl haproxy || true');
    const { findings } = await doctor(sudo);
    await there('n1', 'mv /root/away/* /etc/sudoers.d');
    expect(findings.map(({ code, where }) => ({ code, where }))).toEqual([
      { code: 'AccessDenied', where: 'n1' },
      // the account itself reads the socket
      { code: 'notForwarded', where: 'edge' },
    ]);
    expect(findings[0]!.what).toContain('`sudo -n sh` must work for this account');
    expect(findings[0]!.command).toMatch(
      /^ssh -t -F \S+ -l pawl n1 'echo .* \| sudo tee \/etc\/sudoers\.d\/pawl'$/,
    );
    expect(findings[1]!.command).toMatch(/^ssh -F \S+ -l pawl lb1 'sudo sh -c .*usermod -aG haproxy .*pawl/);
    await run('sh', ['-c', findings[1]!.command]);
    expect((await doctor(sudo)).findings).toEqual([]);
  });

  it('a host that is off is one finding, and keeps nobody from looking at the others', async () => {
    await there('n1', 'systemctl stop ssh.service');
    const { findings } = await doctor(ground.cluster);
    expect(findings).toMatchObject([{ code: 'HostUnreachable', where: 'n1' }]);
    await there('n1', 'systemctl start ssh.service');
  });
});

it('refuses what is no cluster file, with every mistake', async () => {
  await expect(doctor('/not/there.yaml')).rejects.toMatchObject({
    cause: { type: 'BadInput', message: expect.stringContaining('there.yaml') },
  });
});
