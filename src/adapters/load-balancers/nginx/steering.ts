/**
 * Test users at open source nginx: locations name the upstream by a variable, and a file of ours says what it stands for.
 * While test users go to one server, that is an upstream of that server, with all others behind it.
 */
import type { Steering } from '../../../contracts/steering';
import type { Testers } from '../../../contracts/testers';
import type { BalancerComplaint } from '../../../contracts/world';
import { quote } from '../../ssh/quote';
import { editCommand, editIn, literal, readLocations, tellServed, untested } from './examine';
import { failureOf } from './failure';
import type { NginxPlace } from './served';
import { checkName } from './servers';
import { block, cookieBegins, headerOf, innerVariableOf, quoted, variableOf } from './variables';

/** Milliseconds: locks 25 s, test and reload of a large configuration, 10 s for its proof. */
const LIMIT = 60_000;

export function nginxSteering(at: NginxPlace, namesOf: (upstream: string) => Testers): Steering {
  return {
    async steer(upstream, server, { epoch, attempt }, signal) {
      const place = [at.config, at.folder, String(at.port), checkName(upstream)];
      const maps = server ? twoWays(upstream, namesOf(upstream)) : oneWay(upstream);
      const to = server ? [checkName(server)] : [];
      const args = [String(epoch), String(attempt), ...place, maps, ...to];
      const ran = await at.host.run('nginx-steer', args, { signal, timeoutMs: LIMIT });
      if (ran.code !== 0) throw failureOf(at, `test users of ${upstream}`, ran);
    },
    examine: (upstream, signal) => examine(at, checkName(upstream), signal),
  };
}

const HEAD = '# Written by Pawl (docs/nginx.md): what test users get';

/** They are like all others. */
export const oneWay = (upstream: string) =>
  `${HEAD}\n${block(`map "" ${variableOf(upstream)}`, [`default ${upstream}`])}`;

function twoWays(upstream: string, { header, cookie }: Testers): string {
  const byCookie = innerVariableOf(upstream, 'tester');
  return [
    HEAD,
    block(`map $http_cookie ${byCookie}`, ['default ""', `${quoted(`~${cookieBegins(cookie)}`)} 1`]),
    block(`map "${headerOf(header)}${byCookie}" ${variableOf(upstream)}`, [
      `default ${upstream}.testers`,
      `"" ${upstream}`,
    ]),
  ].join('\n');
}

async function examine(at: NginxPlace, upstream: string, signal: AbortSignal): Promise<BalancerComplaint[]> {
  const said = await readLocations(at, upstream, signal);
  if (!said.has('tested')) return [untested(at, said.get('says')?.[0])];
  const paths = said.get('paths') ?? [];
  if (paths.length > 0) return [ownPath(upstream, paths)];
  const names = said.get('names') ?? [];
  if (names.length > 0 || !said.has('steers')) return [noVariable(at, upstream, names)];
  if (said.has('served.testers')) return [];
  const what = `it does not say that it serves ${fileOf(at, upstream)} as it is now`;
  return [{ code: 'notServed', what, mend: `${prepareCommand(at, upstream)} && ${tellServed(at)}` }];
}

const fileOf = ({ folder }: NginxPlace, upstream: string) => `${folder}/${upstream}.testers`;

/** nginx puts no path in the place of another where the upstream is a variable. */
function ownPath(upstream: string, files: string[]): BalancerComplaint {
  const what = [
    `${files.join(', ')} sends requests to ${upstream} with a path of its own; for test users these lines belong there`,
    `instead of proxy_pass http://${upstream}/there/ in location /here/:`,
    '    rewrite ^/here/(.*) /there/$1 break;',
    ...linesFor(upstream).map((line) => `    ${line}`),
  ].join('\n');
  return { code: 'noTesterLines', what, mend: `\${EDITOR:-vi} ${files.map(quote).join(' ')}` };
}

/** @param files that name the upstream itself; none: nobody knows where requests are sent there */
function noVariable(at: NginxPlace, upstream: string, files: string[]): BalancerComplaint {
  const where = files.length > 0 ? files.join(', ') : 'its configuration';
  const what = [
    `${where} sends test users of ${upstream} where all go; in each location these lines belong in place of`,
    `proxy_pass http://${upstream}:`,
  ].join(' ');
  const lines = linesFor(upstream).map((line) => `    ${line}`);
  const edit = files.length > 0 ? editIn(files, putIn(upstream), '-z ') : editCommand(upstream);
  const mend = [prepareCommand(at, upstream), edit, tellServed(at)].join(' && ');
  return { code: 'noTesterLines', what: [what, ...lines].join('\n'), mend };
}

/** The second one is nginx's default, which it leaves out where the upstream is a variable. */
const linesFor = (upstream: string) => [
  `proxy_pass http://${variableOf(upstream)};`,
  'proxy_redirect http://$proxy_host/ /;',
];

/** It must be there when nginx starts. What it says already stays. */
function prepareCommand(at: NginxPlace, upstream: string): string {
  const file = quote(fileOf(at, upstream));
  return `{ [ -s ${file} ] || echo ${quote(oneWay(upstream))} >${file}; }`;
}

/** As a program of `sed -z`, which sees a whole file at once: people who redirect otherwise have lines of their own. */
function putIn(upstream: string): string {
  const variable = variableOf(upstream);
  const pass = 'proxy_pass[[:blank:]]\\{1,\\}';
  const redirected = `\\1\\2${variable}; proxy_redirect \\2$proxy_host/ /;`;
  return [
    `/proxy_redirect/!s#\\(${pass}\\)\\(https\\{0,1\\}://\\)${literal(upstream)}[[:blank:]]*;#${redirected}#g`,
    `s#\\([a-z]*_pass[[:blank:]]\\{1,\\}\\([a-z]*://\\)\\{0,1\\}\\)${literal(upstream)}\\([;$/[:blank:]]\\)#\\1${variable}\\3#g`,
  ].join('; ');
}
