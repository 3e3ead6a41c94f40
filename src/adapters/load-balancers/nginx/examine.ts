/** Whether an nginx has what we need of it, and the command that gives it what it has not. */
import { PawlError } from '../../../contracts/failures';
import type { BalancerComplaint } from '../../../contracts/world';
import { quote } from '../../ssh/quote';
import { askServed, fileOf, type NginxPlace } from './served';

/** Milliseconds: nginx reads its configuration twice, and is asked for 2 s at most. */
const LIMIT = 15_000;

export async function examine(
  at: NginxPlace,
  upstreams: string[],
  signal: AbortSignal,
): Promise<BalancerComplaint[]> {
  const args = [at.config, at.folder, String(at.port), ...upstreams];
  const { stdout } = await at.host.run('examine-nginx', args, { signal, timeoutMs: LIMIT });
  const said = new Map([...stdout.matchAll(/^([\w.-]+)=(.*)$/gm)].map(([, key, value]) => [key!, value!]));
  const complaints = complaintsOf(said, at, upstreams);
  return complaints.length > 0 ? complaints : forwarding(at, upstreams, signal);
}

function complaintsOf(said: Map<string, string>, at: NginxPlace, upstreams: string[]): BalancerComplaint[] {
  const { config, folder } = at;
  if (!said.has('version'))
    return [{ code: 'noNginx', what: 'has no program nginx', mend: 'apt-get install -y nginx' }];
  if (!said.has('tested'))
    return [
      {
        code: 'notTested',
        what: `nginx -t refuses ${config}: ${said.get('says')}`,
        mend: `nginx -t -c ${quote(config)}`,
      },
    ];
  const files = upstreams.flatMap((upstream) => fileComplaint(said.get(`file.${upstream}`), upstream, at));
  if (files.length > 0) return files;
  if (said.get('told') !== 'yes')
    return [
      {
        code: 'noMarker',
        what: `no file of its configuration includes ${folder}/served.conf, which tells what it serves`,
        mend: `echo ${quote(`include ${folder}/served.conf;`)} >/etc/nginx/conf.d/pawl.conf && ${tellServed(at)}`,
      },
    ];
  const unproven = upstreams.filter((upstream) => said.get(`served.${upstream}`) !== 'yes');
  if (unproven.length === 0) return [];
  const list = unproven.map((upstream) => fileOf(at, upstream)).join(', ');
  return [
    { code: 'notServed', what: `it does not say that it serves ${list} as it is now`, mend: tellServed(at) },
  ];
}

function fileComplaint(found: string | undefined, upstream: string, at: NginxPlace): BalancerComplaint[] {
  const file = fileOf(at, upstream);
  const edit = (path: string) => `mkdir -p ${quote(at.folder)} && \${EDITOR:-vi} ${path}`;
  if (found === 'missing') {
    const what = `there is no ${file} with the servers of upstream ${upstream}, one a line: server ADDRESS:PORT; # NAME`;
    return [{ code: 'noServers', what, mend: edit(quote(file)) }];
  }
  if (found === 'yes') return [];
  return [
    {
      code: 'notIncluded',
      what: `no file of its configuration includes ${file}: it belongs into upstream ${upstream} { … }, in place of the servers there`,
      mend: edit(`$(grep -rlE ${quote(`upstream +${upstream}\\b`)} /etc/nginx | head -n 1)`),
    },
  ];
}

/** What `nginx_served_conf` of `src/host/lib/nginx.sh` writes, as one command line. */
export function tellServed({ config, folder, port }: NginxPlace): string {
  const digest = `sed 's/#.*//; s/^[[:blank:]]*//; s/[[:blank:]]*$//; /^$/d' "$f" | sha256sum | cut -c 1-64`;
  const location = `printf 'location = /%s { add_header X-Pawl-Served "%s %s $pid" always; alias %s; }\\n' "$u" "$(${digest})" "$(date +%s%N)" "$f"`;
  const each = `for f in ${quote(folder)}/*.servers; do u=\${f##*/}; u=\${u%.servers}; ${location}; done`;
  const server = `'server { listen 127.0.0.1:${port}; access_log off; auth_basic off; open_file_cache off; default_type text/plain;'`;
  const load = `nginx -t -c ${quote(config)} && systemctl reload-or-restart nginx`;
  return `{ echo ${server}; ${each}; echo '}'; } >${quote(`${folder}/served.conf`)} && ${load}`;
}

/** Writes are done by a program on its host, reads come through sshd. */
async function forwarding(
  at: NginxPlace,
  upstreams: string[],
  signal: AbortSignal,
): Promise<BalancerComplaint[]> {
  const [upstream] = upstreams;
  if (upstream === undefined) return [];
  try {
    await askServed(at, upstream, signal);
    return [];
  } catch (error) {
    if (!(error instanceof PawlError) || error.type !== 'BalancerUnavailable') throw error;
    return [
      {
        code: 'notForwarded',
        what: `sshd there forwards no TCP to 127.0.0.1:${at.port}`,
        mend: `echo 'AllowTcpForwarding yes' >/etc/ssh/sshd_config.d/00-pawl.conf && systemctl reload ssh`,
      },
    ];
  }
}
