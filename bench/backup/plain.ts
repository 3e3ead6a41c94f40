/** What people do without Pawl: the same dump, by the same way, into a repository of its own on the same store. */
import { on, quoted } from './ground';
import type { Stand } from '../stand';

const STORE = '/srv/plain';
const CONFIG = '/root/plain.conf';
/** systemd's name for it */
export const PLAIN_UNIT = 'plain-backup';

const RESTIC = `RESTIC_REPOSITORY=rclone:store RESTIC_PASSWORD=plain RESTIC_CACHE_DIR=/var/cache/plain restic --option rclone.program='ssh -F ${CONFIG} store'`;
const PIPELINE = `set -o pipefail; mariadb-dump --all-databases --single-transaction --routines --triggers --events --hex-blob | ${RESTIC} backup --stdin --stdin-filename dump.sql --json`;

/** A key that opens one program on the store, as Pawl's do. */
export async function openPlain(stand: Stand): Promise<void> {
  const { address } = stand.lab.hosts.find(({ name }) => name === 'bk1')!;
  const key = await on(
    stand,
    'db1',
    `ssh-keygen -q -t ed25519 -N '' -f /root/plain.key && cat /root/plain.key.pub
    printf '%s\\n' 'Host store' 'HostName ${address}' 'User plain' 'IdentityFile /root/plain.key' 'StrictHostKeyChecking no' \\
      'UserKnownHostsFile /root/plain.known' 'LogLevel ERROR' >${CONFIG}`,
  );
  const serve = `rclone serve restic --stdio --append-only --config /dev/null ${STORE}/repository`;
  await on(
    stand,
    'bk1',
    `useradd --system --home-dir ${STORE} --shell /bin/sh plain && mkdir -p ${STORE}/.ssh
    echo ${quoted(`restrict,command="${serve}" ${key}`)} >${STORE}/.ssh/authorized_keys`,
  );
}

/** @returns seconds by the host's clock, and the bytes of the dump */
export async function runPlain(stand: Stand): Promise<{ seconds: number; bytes: number }> {
  await on(
    stand,
    'bk1',
    `rm -rf ${STORE}/repository && install -d -m 700 -o plain -g plain ${STORE}/repository`,
  );
  await on(stand, 'db1', `rm -rf /var/cache/plain && ${RESTIC} init`);
  const said = await on(
    stand,
    'db1',
    `before=$(date +%s%N)
    systemd-run -q --wait --pipe --collect --unit=${PLAIN_UNIT} bash -c ${quoted(PIPELINE)} | tail -n 1 && echo $(($(date +%s%N) - before))`,
  );
  const [summary, nanoseconds] = said.split('\n');
  const { total_bytes_processed: bytes } = JSON.parse(summary!) as { total_bytes_processed: number };
  return { seconds: Number(nanoseconds) / 1e9, bytes };
}

export const removePlain = (stand: Stand) => on(stand, 'bk1', `rm -rf ${STORE}/repository`);
