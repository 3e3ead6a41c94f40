/** Whether an nginx has what we need of it, and the command that gives it what it has not. */
import { PawlError } from '../../../contracts/failures';
import type { BalancerComplaint } from '../../../contracts/world';
import { quote } from '../../ssh/quote';
import { askServed, fileOf, type NginxPlace } from './served';
import { variableOf } from './variables';

/** Milliseconds: nginx reads its configuration twice, and is asked for 2 s at most. */
const LIMIT = 15_000;

export async function examine(
  at: NginxPlace,
  upstreams: string[],
  signal: AbortSignal,
): Promise<BalancerComplaint[]> {
  const args = [at.config, at.folder, String(at.port), ...upstreams];
  const complaints = complaintsOf(await factsIn(at, 'examine-nginx', args, signal), at, upstreams);
  return complaints.length > 0 ? complaints : forwarding(at, upstreams, signal);
}

/** What a program tells: `KEY=VALUE` lines, by their keys. */
type Facts = Map<string, string[]>;

async function factsIn(
  { host }: NginxPlace,
  program: string,
  args: string[],
  signal: AbortSignal,
): Promise<Facts> {
  const { stdout } = await host.run(program, args, { signal, timeoutMs: LIMIT });
  const facts: Facts = new Map();
  for (const [, key, value] of stdout.matchAll(/^([\w.-]+)=(.*)$/gm))
    facts.set(key!, [...(facts.get(key!) ?? []), value!]);
  return facts;
}

/** How its locations send requests to an upstream, and what it serves of our files about that. */
export function readLocations(at: NginxPlace, upstream: string, signal: AbortSignal): Promise<Facts> {
  const args = [at.config, at.folder, String(at.port), upstream, variableOf(upstream).slice(1)];
  return factsIn(at, 'examine-nginx-locations', args, signal);
}

export const untested = ({ config }: NginxPlace, says = ''): BalancerComplaint => ({
  code: 'notTested',
  what: `nginx -t refuses ${config}: ${says}`,
  mend: `nginx -t -c ${quote(config)}`,
});

/** Where nobody can say which file it is. */
export const editCommand = (upstream: string) =>
  `\${EDITOR:-vi} $(grep -rlE ${quote(`upstream +${upstream}\\b`)} /etc/nginx | head -n 1)`;

/** @param edit a program of sed */
export const editIn = (files: string[], edit: string, options = '') =>
  `sed -i ${options}--follow-symlinks ${quote(edit)} ${files.map(quote).join(' ')}`;

/** As an expression of sed between `#`. */
export const literal = (text: string) => text.replace(/[.[\]*^$\\#]/g, '\\$&');

function complaintsOf(said: Facts, at: NginxPlace, upstreams: string[]): BalancerComplaint[] {
  const { folder } = at;
  if (!said.has('version'))
    return [{ code: 'noNginx', what: 'has no program nginx', mend: 'apt-get install -y nginx' }];
  if (!said.has('tested')) return [untested(at, said.get('says')?.[0])];
  const files = upstreams.flatMap((upstream) =>
    fileComplaint(said.get(`file.${upstream}`)?.[0], upstream, at),
  );
  if (files.length > 0) return files;
  if (said.get('told')?.[0] !== 'yes')
    return [
      {
        code: 'noMarker',
        what: `no file of its configuration includes ${folder}/served.conf, which tells what it serves`,
        mend: `echo ${quote(`include ${folder}/served.conf;`)} >/etc/nginx/conf.d/pawl.conf && ${tellServed(at)}`,
      },
    ];
  const unproven = upstreams.filter((upstream) => said.get(`served.${upstream}`)?.[0] !== 'yes');
  if (unproven.length === 0) return [];
  const list = unproven.map((upstream) => fileOf(at, upstream)).join(', ');
  return [
    { code: 'notServed', what: `it does not say that it serves ${list} as it is now`, mend: tellServed(at) },
  ];
}

function fileComplaint(found: string | undefined, upstream: string, at: NginxPlace): BalancerComplaint[] {
  const file = fileOf(at, upstream);
  const folder = `mkdir -p ${quote(at.folder)}`;
  if (found === 'missing') {
    const what = `there is no ${file} with the servers of upstream ${upstream}, one a line: server ADDRESS:PORT; # NAME`;
    return [{ code: 'noServers', what, mend: `${folder} && \${EDITOR:-vi} ${quote(file)}` }];
  }
  if (found === 'yes') return [];
  return [
    {
      code: 'notIncluded',
      what: `no file of its configuration includes ${file}: it belongs into upstream ${upstream} { … }, in place of the servers there`,
      mend: `${folder} && ${editCommand(upstream)}`,
    },
  ];
}

/** What `nginx_served_conf` of `src/host/lib/nginx.sh` writes, as one command line. */
export function tellServed({ config, folder, port }: NginxPlace): string {
  const servers = `sed 's/#.*//; s/^[[:blank:]]*//; s/[[:blank:]]*$//; /^$/d' "$f"`;
  const kind = `case $n in *.servers) s="alias $f" d=$(${servers} | sha256sum);; *) s='return 204' d=$(sha256sum <"$f");; esac`;
  const location = `printf 'location = /%s { add_header X-Pawl-Served "%s %s $pid" always; %s; }\\n' "$n" "\${d%% *}" "$(date +%s%N)" "$s"`;
  const files = ['servers', 'maps', 'door', 'testers'].map((one) => `${quote(folder)}/*.${one}`).join(' ');
  const each = `for f in ${files}; do [ -e "$f" ] || continue; n=\${f##*/}; ${kind}; ${location}; done`;
  const includes = `echo ${quote(`include ${folder}/*.maps; include ${folder}/*.testers;`)}`;
  const server = `'server { listen 127.0.0.1:${port}; access_log off; auth_basic off; open_file_cache off; default_type text/plain;'`;
  const load = `nginx -t -c ${quote(config)} && systemctl reload-or-restart nginx`;
  return `{ ${includes}; echo ${server}; ${each}; echo '}'; } >${quote(`${folder}/served.conf`)} && ${load}`;
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
