/** Maintenance pages of open source nginx: two files for each upstream, and a reload to close and to open. */
import { createHash } from 'node:crypto';
import type { Closure, Doors } from '../../../contracts/doors';
import type { PassNames } from '../../../contracts/maintenance';
import type { BalancerComplaint, Fence } from '../../../contracts/world';
import { quote } from '../../ssh/quote';
import { editCommand, editIn, literal, readLocations, tellServed, untested } from './examine';
import { failureOf } from './failure';
import { pageFiles } from './pages';
import type { NginxPlace } from './served';
import { checkName } from './servers';
import { variableOf } from './variables';

/** Bytes, as templates have at most; nginx keeps them in memory. */
const LARGEST_PAGE = 64 * 1_024;
/** Milliseconds: locks 25 s, test and reload of a large configuration, 10 s for its proof. */
const LIMIT = 60_000;
const RELOAD = 'systemctl reload nginx';

export function nginxDoors(at: NginxPlace, names: PassNames): Doors {
  const tell = async (upstream: string, lines: string[], { epoch, attempt }: Fence, signal: AbortSignal) => {
    const text = lines.map((line) => `${line}\n`).join('');
    const sum = createHash('sha256').update(text).digest('hex');
    const place = [at.config, at.folder, String(at.port), checkName(upstream)];
    const args = [String(epoch), String(attempt), ...place, sum];
    const options = { signal, timeoutMs: LIMIT, stdin: text };
    const ran = await at.host.run('nginx-maintenance', args, options);
    if (ran.code !== 0) throw failureOf(at, `maintenance of ${upstream}`, ran);
  };
  return {
    largestPage: LARGEST_PAGE,
    close: (upstream, closure, fence, signal) =>
      tell(upstream, linesOf(upstream, closure, names), fence, signal),
    open: (upstream, fence, signal) => tell(upstream, [], fence, signal),
    byHand: (upstream) => `: > ${quote(fileOf(at, upstream, 'door'))} && ${RELOAD}`,
    examine: (upstream, signal) => examine(at, checkName(upstream), signal),
  };
}

const fileOf = ({ folder }: NginxPlace, upstream: string, kind: 'maps' | 'door') =>
  `${folder}/${upstream}.${kind}`;

function linesOf(upstream: string, closure: Closure, names: PassNames): string[] {
  const { maps, door } = pageFiles(upstream, closure, names);
  return [...maps.map((line) => `maps ${line}`), ...door.map((line) => `door ${line}`)];
}

async function examine(at: NginxPlace, upstream: string, signal: AbortSignal): Promise<BalancerComplaint[]> {
  const said = await readLocations(at, upstream, signal);
  if (!said.has('tested')) return [untested(at, said.get('says')?.[0])];
  const without = said.get('without') ?? [];
  if (without.length > 0 || !said.has('with')) return [noDoor(at, upstream, without)];
  if (said.has('served.maps') && said.has('served.door')) return [];
  const files = `${fileOf(at, upstream, 'maps')} and ${fileOf(at, upstream, 'door')}`;
  const mend = `${prepareCommand(at, upstream)} && ${tellServed(at)}`;
  return [{ code: 'notServed', what: `it does not say that it serves ${files} as they are now`, mend }];
}

/** @param without its door, files that send requests to the upstream; none: nobody knows where that is done */
function noDoor(at: NginxPlace, upstream: string, without: string[]): BalancerComplaint {
  const line = `include ${fileOf(at, upstream, 'door')};`;
  const where = without.length > 0 ? without.join(', ') : 'its configuration';
  const what = [
    `${where} sends requests to ${upstream} past maintenance pages; in each location with`,
    `proxy_pass http://${upstream} this line belongs before it:`,
  ].join(' ');
  const edit = without.length > 0 ? editIn(without, putIn(line, upstream)) : editCommand(upstream);
  const mend = [prepareCommand(at, upstream), edit, tellServed(at)].join(' && ');
  return { code: 'noMaintenanceLines', what: `${what}\n    ${line}`, mend };
}

/** Files must be there when nginx starts; empty ones close nothing. */
export function prepareCommand(at: NginxPlace, upstream: string): string {
  const files = (['maps', 'door'] as const).map((kind) => quote(fileOf(at, upstream, kind)));
  return `touch ${files.join(' ')} && chmod 600 ${files.join(' ')}`;
}

/** As a program of sed, which may run twice. */
function putIn(line: string, upstream: string): string {
  const name = `\\(${literal(upstream)}\\|${literal(variableOf(upstream))}\\)`;
  const pass = `[a-z]*_pass[[:blank:]]\\{1,\\}\\([a-z]*://\\)\\{0,1\\}${name}`;
  return `s#${literal(line)}[[:blank:]]*##g; s#\\(${pass}\\)\\([;/:$[:blank:]]\\)#${line} \\1\\4#g`;
}
