/** Test users at HAProxy 2.4 and newer: a map says which server they get, and lines of its configuration look there. */
import type { Steering } from '../../../contracts/steering';
import type { Testers } from '../../../contracts/testers';
import type { BalancerComplaint } from '../../../contracts/world';
import { quote } from '../../ssh/quote';
import { ask, mapFailure, type RuntimeSocket } from './runtime';

/** Milliseconds: the lane's lock 5 s, four commands of at most 2 s, two syncs. */
const LIMIT = 20_000;
const FOLDER = '/var/lib/pawl/testers';
const RELOAD = 'systemctl reload haproxy';
const CONFIG = '/etc/haproxy/haproxy.cfg';

export const steeringFile = (backend: string) => `${FOLDER}/${backend}.server`;

export function haproxySteering(at: RuntimeSocket, namesOf: (backend: string) => Testers): Steering {
  return {
    async steer(backend, server, { epoch, attempt }, signal) {
      const args = [String(epoch), String(attempt), at.socket, backend, ...(server ? [server] : [])];
      const ran = await at.host.run('haproxy-steer', args, { signal, timeoutMs: LIMIT });
      if (ran.code !== 0) throw mapFailure(at, `test users of ${backend}`, ran);
    },
    examine: (backend, signal) => examine(at, backend, namesOf(backend), signal),
  };
}

/** What a backend says once, before its servers. */
export function steeringLines(backend: string, { header, cookie }: Testers): string[] {
  const server = `str(server),map(${steeringFile(backend)})`;
  return [
    `acl pawl_tester req.hdr(${header}) -m found`,
    `acl pawl_tester req.cook(${cookie}) -m found`,
    `use-server %[${server}] if pawl_tester { ${server} -m found }`,
  ];
}

async function examine(
  at: RuntimeSocket,
  backend: string,
  names: Testers,
  signal: AbortSignal,
): Promise<BalancerComplaint[]> {
  const [maps] = await ask(at, ['show map'], signal);
  const file = steeringFile(backend);
  if (maps!.includes(`(${file})`)) return [];
  const lines = steeringLines(backend, names).map((line) => `    ${line}`);
  const what = `backend ${backend} has no lines for test users; they belong before its servers:`;
  const edit = `/^backend ${backend}[[:space:]]*$/,/^ *server /{/^ *server /i\\${lines.join('\\n')}\n}`;
  return [
    {
      code: 'noTesterLines',
      what: [what, ...lines].join('\n'),
      mend: [
        `mkdir -p ${FOLDER} && touch ${quote(file)}`,
        `sed -i ${quote(edit)} ${CONFIG}`,
        `haproxy -c -q -f ${CONFIG}`,
        RELOAD,
      ].join(' && '),
    },
  ];
}
