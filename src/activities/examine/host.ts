import type { BackupSource } from '../../contracts/backups';
import type { Balancer, Service } from '../../contracts/cluster';
import type { Finding } from '../../contracts/examination';
import { PawlError } from '../../contracts/failures';
import type { RemoteHost } from '../../contracts/world';
import { offBy } from '../../domain/clocks';
import { editCommand, type OnHost } from './commands';

/** By the Debian package that brings them. */
const PROGRAMS: Record<string, string[]> = {
  'util-linux': ['flock', 'setpriv'],
  systemd: ['systemd-run', 'systemctl'],
  tar: ['tar'],
  gzip: ['gzip'],
  coreutils: ['sha256sum', 'mktemp', 'df'],
  findutils: ['find'],
};
/** Where a balancer runs. */
const BALANCER_PROGRAMS: Record<Balancer['kind'], Record<string, string[]>> = {
  haproxy: { iproute2: ['ss'], 'perl-base': ['perl|socat'] },
  nginx: { iproute2: ['ss'], 'perl-base': ['perl'] },
};
/** Where backups are taken, and where they are kept. */
const BACKUP_PROGRAMS: Record<BackupSource['kind'] | 'files' | 'store', Record<string, string[]>> = {
  mariadb: { restic: ['restic'], 'openssh-client': ['ssh'], 'mariadb-client': ['mariadb', 'mariadb-dump'] },
  mysql: { restic: ['restic'], 'openssh-client': ['ssh'], 'mysql-client': ['mysql', 'mysqldump'] },
  /** of a database whose files are copied, beside the above */
  files: { 'mariadb-backup': ['mariadb-backup', 'mbstream'] },
  folders: { restic: ['restic'], 'openssh-client': ['ssh'] },
  git: { restic: ['restic'], 'openssh-client': ['ssh'], git: ['git'] },
  store: { restic: ['restic'], rclone: ['rclone'] },
};
/** `systemd-run` knows all that jobs need from here on. */
const OLDEST_SYSTEMD = 246;
/** MiB that uploads and jobs need at least. */
const LEAST_FREE = 64;
const FOLDER = '/var/lib/pawl';
/** Asks for the password that `sudo -n` cannot ask for. */
const LET_SUDO = 'echo "$(id -un) ALL=(ALL) NOPASSWD: ALL" | sudo tee /etc/sudoers.d/pawl';

export interface HostTask {
  remote: RemoteHost;
  /** services that run on it */
  services: Service[];
  /** kinds of the balancers that run on it */
  balancers: Balancer['kind'][];
  /** kinds of what is backed up there, and whether backups are kept there */
  backups: (keyof typeof BACKUP_PROGRAMS)[];
  sudo: boolean;
  clusterFile: string;
  on: OnHost;
}

interface Examined {
  findings: Finding[];
  /** milliseconds against the worker's clock; null where it could not be read */
  offset: number | null;
}

/** Looks at one host: reached, let in, root, programs, folder, space, clock. */
export async function examineHost(task: HostTask, signal: AbortSignal): Promise<Examined> {
  const programs = Object.assign(
    {},
    PROGRAMS,
    ...task.balancers.map((kind) => BALANCER_PROGRAMS[kind]),
    ...task.backups.map((kind) => BACKUP_PROGRAMS[kind]),
  ) as typeof PROGRAMS;
  try {
    const ran = await task.remote.run('examine-host', Object.values(programs).flat(), { signal });
    const findings = [...judgeMachine(ran.stdout, task, programs), ...(await judgeSpace(task, signal))];
    return { findings, offset: await clockOf(task.remote, signal) };
  } catch (error) {
    return { findings: [unreached(error, task)], offset: null };
  }
}

function judgeMachine(
  text: string,
  { remote, sudo, clusterFile, on }: HostTask,
  programs: Record<string, string[]>,
): Finding[] {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  const findings: Finding[] = [];
  const add = (code: string, what: string, command: string) =>
    findings.push({ code, where: remote.name, what, command });
  const install = (name: string) => on.asRoot(remote.name, `apt-get install -y ${name}`);
  if (value('uid') !== '0' && !sudo)
    add(
      'notRoot',
      `${value('account')} is not root; set "sudo: true" under "ssh:" in the cluster file, or log in as root`,
      editCommand(clusterFile),
    );
  else if (value('writable') !== 'yes')
    add(
      'notWritable',
      `nothing can be written in ${value('folder')}`,
      on.asRoot(remote.name, `mount -o remount,rw ${value('folder')}`),
    );
  for (const [, missing] of text.matchAll(/^missing (.*)$/gm)) {
    const [name = missing!] = Object.entries(programs).find(([, wanted]) => wanted.includes(missing!)) ?? [];
    add('programMissing', `has no ${missing!.replace('|', ' or ')}`, install(name));
  }
  if (value('tar') !== 'GNU' && !/^missing tar$/m.test(text))
    add('programMissing', 'its tar is not GNU tar', install('tar'));
  if (Number(value('systemd')) < OLDEST_SYSTEMD)
    add(
      'tooOld',
      `systemd ${value('systemd') || 'is not there'}; ${OLDEST_SYSTEMD} or newer is needed`,
      install('systemd'),
    );
  return findings;
}

async function judgeSpace({ remote, services, on }: HostTask, signal: AbortSignal): Promise<Finding[]> {
  const wanted = new Map<string, number>([[FOLDER, LEAST_FREE]]);
  for (const { release, limits } of services) {
    const folder = release.kind === 'tarball' ? release.releases : '/var';
    wanted.set(folder, Math.max(limits.freeMiB, wanted.get(folder) ?? 0));
  }
  const { stdout } = await remote.run('free-space', [...wanted.keys()], { signal });
  return [...stdout.matchAll(/^(\d+) (.*)$/gm)].flatMap(([, free, folder = '']): Finding[] => {
    const least = wanted.get(folder) ?? 0;
    if (Number(free) >= least) return [];
    const what = `${folder} has ${free} MiB free, ${least} are needed; this shows what takes the most`;
    const command = on.asRoot(remote.name, `du -xm ${folder} | sort -rn | head`);
    return [{ code: 'diskFull', where: remote.name, what, command }];
  });
}

/** On a connection that is warm by now, so that the answer takes milliseconds. */
async function clockOf(remote: RemoteHost, signal: AbortSignal): Promise<number | null> {
  const from = Date.now();
  const { stdout } = await remote.run('run-command', ['date', '+%s%3N'], { signal });
  const shown = Number(stdout.trim());
  return Number.isSafeInteger(shown) && shown > 0 ? offBy(shown, from, Date.now()) : null;
}

/** What kept us from looking, with the command that its failure brings along. */
function unreached(error: unknown, { remote, on, sudo, clusterFile }: HostTask): Finding {
  const where = remote.name;
  if (!(error instanceof PawlError))
    return { code: 'TimedOut', where, what: 'gave no answer in its time', command: on.asRoot(where, 'true') };
  const details = (error.details ?? {}) as { mend?: string; notBegun?: boolean };
  const otherwise = () => {
    if (error.type === 'HostKeyChanged') return editCommand(clusterFile);
    return details.notBegun && sudo ? on.asAccount(where, LET_SUDO) : on.asRoot(where, 'true');
  };
  const command = details.mend ?? otherwise();
  // where the sentence ends in the command, that stands in its own place
  const what = error.message.endsWith(command)
    ? error.message.slice(0, -command.length).replace(/[:\s]+$/, '')
    : error.message;
  return { code: error.type, where, what, command };
}
