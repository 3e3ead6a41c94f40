/** Maintenance pages of HAProxy 2.4 and newer: maps that lines of its configuration look into. */
import { createHash } from 'node:crypto';
import type { Closure, Doors } from '../../../contracts/doors';
import { MARKER_HEADER, PROOF_HEADER } from '../../../contracts/doors';
import type { PassNames } from '../../../contracts/maintenance';
import type { BalancerComplaint, Fence } from '../../../contracts/world';
import { ASK_AGAIN, SHORTEST_RETRY } from '../../../domain/maintenance';
import { quote } from '../../ssh/quote';
import { ask, mapFailure, type RuntimeSocket } from './runtime';
import { readInfo } from './tables';

/** A command, and an answer's head and body, have 16 KiB each (`tune.bufsize`); so have lines of a map's file. */
const LARGEST_PAGE = 12 * 1_024;
/** Milliseconds: the lane's lock 5 s, some fifteen commands of at most 2 s, two syncs. */
const LIMIT = 45_000;
const FOLDER = '/var/lib/pawl/maintenance';
const RELOAD = 'systemctl reload haproxy';
const CONFIG = '/etc/haproxy/haproxy.cfg';

const fileOf = (backend: string, kind: 'addresses' | 'pages') => `${FOLDER}/${backend}.${kind}`;

export function haproxyDoors(at: RuntimeSocket, names: PassNames): Doors {
  const tell = async (backend: string, lines: string[], fence: Fence, signal: AbortSignal) => {
    const text = lines.map((line) => `${line}\n`).join('');
    const sum = createHash('sha256').update(text).digest('hex');
    const args = [String(fence.epoch), String(fence.attempt), at.socket, backend, sum];
    const options = { signal, timeoutMs: LIMIT, stdin: text };
    const ran = await at.host.run('haproxy-maintenance', args, options);
    if (ran.code !== 0) throw mapFailure(at, `maintenance of ${backend}`, ran);
  };
  return {
    largestPage: LARGEST_PAGE,
    close: (backend, closure, fence, signal) => tell(backend, linesOf(closure), fence, signal),
    open: (backend, fence, signal) => tell(backend, [], fence, signal),
    byHand: (backend) => `: > ${quote(fileOf(backend, 'pages'))} && ${RELOAD}`,
    examine: (backend, signal) => examine(at, backend, names, signal),
  };
}

function linesOf({ until, marker, page, late, addresses, passes }: Closure): string[] {
  return [
    ...addresses.map((address) => `addresses ${address} yes`),
    ...passes.map((pass) => `pages ${sumOf(pass)} pass`),
    `pages marker ${marker}`,
    `pages page ${page}`,
    `pages late ${late}`,
    // HAProxy takes the map as a whole; read from the file by a person, what matters stands last
    `pages until ${until}`,
  ];
}

/** As HAProxy reckons it. */
const sumOf = (secret: string) => createHash('sha256').update(secret).digest('hex').toUpperCase();

/**
 * What a backend says once, so that Pawl can close and open it without a reload. HAProxy itself tells from the
 * expected end when to ask again, and which of the two texts is true.
 */
export function maintenanceLines(backend: string, { header, cookie }: PassNames): string[] {
  const pages = fileOf(backend, 'pages');
  const pass = (shown: string) => `acl pawl_allowed ${shown},sha2(256),hex,map(${pages}) -m found`;
  return [
    `acl pawl_closed str(until),map(${pages}) -m found`,
    'acl pawl_late date,neg,add(txn.pawl_until) lt 1',
    `acl pawl_soon date,neg,add(txn.pawl_until) lt ${SHORTEST_RETRY}`,
    `acl pawl_allowed src,map_ip(${fileOf(backend, 'addresses')}) -m found`,
    pass(`req.hdr(${header})`),
    pass(`req.cook(${cookie})`),
    `acl pawl_proof req.hdr(${PROOF_HEADER}) -m found`,
    `http-request set-var(txn.pawl_until) str(until),map(${pages},0)`,
    'http-request set-var(txn.pawl_page) str(page)',
    'http-request set-var(txn.pawl_page) str(late) if pawl_late',
    'http-request set-var(txn.pawl_retry) date,neg,add(txn.pawl_until)',
    `http-request set-var(txn.pawl_retry) int(${SHORTEST_RETRY}) if pawl_soon`,
    `http-request set-var(txn.pawl_retry) int(${ASK_AGAIN}) if pawl_late`,
    'http-request return status 503 content-type "text/html; charset=utf-8"' +
      ' hdr Retry-After "%[var(txn.pawl_retry)]" hdr Cache-Control no-store' +
      ` hdr ${MARKER_HEADER} "%[str(marker),map(${pages})]"` +
      ` lf-string "%[var(txn.pawl_page),map(${pages})]"` +
      ' if pawl_closed !pawl_allowed or pawl_closed pawl_proof',
  ];
}

/** Files must be there when HAProxy starts; empty ones close nothing. */
export function prepareCommand(backends: readonly string[]): string {
  const files = backends.flatMap((name) => [fileOf(name, 'addresses'), fileOf(name, 'pages')]);
  return `mkdir -p ${FOLDER} && touch ${files.map(quote).join(' ')}`;
}

async function examine(
  at: RuntimeSocket,
  backend: string,
  names: PassNames,
  signal: AbortSignal,
): Promise<BalancerComplaint[]> {
  const [info, maps] = await ask(at, ['show info', 'show map'], signal);
  const version = readInfo(info!)['Version'] ?? '';
  if (/^(1\.|2\.[0-3]\b)/.test(version))
    return [
      {
        code: 'tooOld',
        what: `HAProxy ${version} is older than 2.4 and cannot show maintenance pages`,
        mend: 'apt-get install -y haproxy',
      },
    ];
  const missing = (['addresses', 'pages'] as const).filter(
    (kind) => !maps!.includes(`(${fileOf(backend, kind)})`),
  );
  if (missing.length === 0) return [];
  const what = `backend ${backend} has no lines for maintenance pages; they belong at its beginning:`;
  const lines = maintenanceLines(backend, names);
  return [
    {
      code: 'noMaintenanceLines',
      what: [what, ...lines.map((line) => `    ${line}`)].join('\n'),
      mend: [
        prepareCommand([backend]),
        `sed -i ${quote(`/^backend ${backend}[[:space:]]*$/a\\${lines.map((line) => `    ${line}`).join('\\n')}`)} ${CONFIG}`,
        `haproxy -c -q -f ${CONFIG}`,
        RELOAD,
      ].join(' && '),
    },
  ];
}
