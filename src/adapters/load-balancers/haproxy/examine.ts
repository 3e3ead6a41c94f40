/** Whether a HAProxy has what we need of it, and what to write into its configuration where it has not. */
import { dirname } from 'node:path';
import { PawlError } from '../../../contracts/failures';
import type { BalancerComplaint } from '../../../contracts/world';
import { quote } from '../../ssh/quote';
import { ask, type RuntimeSocket } from './runtime';

/** Milliseconds: two questions of 2 s. */
const LIMIT = 10_000;
const CONFIG = '/etc/haproxy/haproxy.cfg';
const USUAL_STATE_FILE = '/var/lib/pawl/haproxy-state';
const RELOAD = 'systemctl reload haproxy';

export async function examine(at: RuntimeSocket, signal: AbortSignal): Promise<BalancerComplaint[]> {
  const { stdout } = await at.host.run('examine-haproxy', [at.socket], { signal, timeoutMs: LIMIT });
  const said: Record<string, string | undefined> = {};
  for (const [, key, value] of stdout.matchAll(/^(\w+)=(.*)$/gm)) said[key!] = value;
  const complaints = [...complaintsOf(said, at.socket), ...forgetting(said, at.stateFile)];
  const answers = said['level'] === 'admin';
  return answers
    ? [...complaints, ...(await forwarding(at, said['account'] ?? 'the account', signal))]
    : complaints;
}

type Said = Record<string, string | undefined>;

/** Whether a reload or a restart would put servers back for a moment. */
function forgetting({ config, stateFile, loads }: Said, wanted: string | undefined): BalancerComplaint[] {
  if (!config || (wanted && stateFile === wanted && loads)) return [];
  const path = wanted ?? stateFile ?? USUAL_STATE_FILE;
  const edits = [
    ...(stateFile === path ? [] : [`/^ *server-state-file /d`, `/^global/a\\    server-state-file ${path}`]),
    ...(loads ? [] : [`/^defaults/a\\    load-server-state-from-file global`]),
  ];
  const file = wanted ? '' : `; name ${path} as \`stateFile\` of this balancer in the cluster file, too`;
  const edit = `sed -i ${edits.map((one) => `-e ${quote(one)}`).join(' ')} ${CONFIG}`;
  return [
    {
      code: 'forgets',
      what: `a reload or a restart puts servers that are out back for a moment, since it does not read them from \`server-state-file ${path}\` (\`load-server-state-from-file global\`)${file}`,
      mend: edits.length ? `mkdir -p ${dirname(path)} && touch ${path} && ${edit} && ${RELOAD}` : RELOAD,
    },
  ];
}

function complaintsOf(said: Said, socket: string): BalancerComplaint[] {
  const { version, level, process, master } = said;
  if (!said['socket'])
    return [
      {
        code: 'noSocket',
        what: `there is no socket ${socket}`,
        mend: `sed -i ${quote(`/^global/a\\    stats socket ${socket} mode 660 level admin`)} ${CONFIG} && ${RELOAD}`,
      },
    ];
  if (version === undefined)
    return [{ code: 'noAnswer', what: `nobody answers at ${socket}`, mend: 'systemctl start haproxy' }];
  const found: BalancerComplaint[] = [];
  if (level !== 'admin') {
    const edit = `\\|stats socket ${socket}[ ]| { s/ level [a-z]*//; s/$/ level admin/ }`;
    found.push({
      code: 'notAdmin',
      what: `its socket ${socket} has level ${level || 'unknown'} and must have level admin`,
      mend: `sed -i ${quote(edit)} ${CONFIG} && ${RELOAD}`,
    });
  }
  if (/^(0|1)\./.test(version))
    found.push({
      code: 'tooOld',
      what: `HAProxy ${version} is older than 2.0`,
      mend: 'apt-get install -y haproxy',
    });
  if (process !== undefined && !master)
    found.push({
      code: 'noMaster',
      what: 'it has no master socket, so requests of a process that a reload replaces are counted less well',
      mend: `echo ${quote('EXTRAOPTS="-S /run/haproxy-master.sock"')} >> /etc/default/haproxy && systemctl restart haproxy`,
    });
  return found;
}

/** Writes are done by a program on its host, reads come through the SSH account. */
async function forwarding(
  at: RuntimeSocket,
  account: string,
  signal: AbortSignal,
): Promise<BalancerComplaint[]> {
  try {
    await ask(at, ['show info'], signal);
    return [];
  } catch (error) {
    if (!(error instanceof PawlError) || error.type !== 'BalancerUnavailable') throw error;
    const what = `${account} may not use its socket ${at.socket}, or sshd forwards no sockets (AllowStreamLocalForwarding)`;
    return [{ code: 'notForwarded', what, mend: `usermod -aG haproxy ${quote(account)}` }];
  }
}
