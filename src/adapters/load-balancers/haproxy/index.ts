/** HAProxy 2.0 and newer: reads over its forwarded runtime socket, fenced writes by a program on its host. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PawlError } from '../../../contracts/failures';
import type { Requests } from '../../../contracts/gate';
import type {
  BackendCounts,
  BalancerComplaint,
  Fence,
  KeptServer,
  LoadBalancer,
  Reconciled,
  TrafficFacts,
  WantedTraffic,
} from '../../../contracts/world';
import { raiseFences } from '../../ssh/fences';
import { FAILURE_OF } from '../exit-codes';
import { examine } from './examine';
import { countsOf, factsOf, generationOf, plainFactsOf, requestsOf } from './facts';
import { reconcile } from './reconcile';
import { ask, placeOf, type RuntimeSocket } from './runtime';
import { column, numberIn, readCsv, readInfo, readServersState, type Row } from './tables';

/** Milliseconds: the lane's lock 5 s, three questions of 2 s. */
const SET_LIMIT = 15_000;

export function haproxy(at: RuntimeSocket): LoadBalancer {
  return new HaProxy(at);
}

class HaProxy implements LoadBalancer {
  readonly countsRequests = true;

  /** HAProxy's own numbers for servers; they are those of one process. */
  private readonly numbers = new Map<string, { generation: string; proxy: string; server: string }>();

  /** Readings that have not begun; those who share one are cancelled together. */
  private readonly soon = new WeakMap<AbortSignal, Map<string, Promise<Record<string, TrafficFacts>>>>();

  /** What each program on its host works with. */
  private readonly files: [socket: string, stateFile: string];

  constructor(private readonly at: RuntimeSocket) {
    this.files = [at.socket, at.stateFile ?? ''];
  }

  async server(backend: string, server: string, signal: AbortSignal): Promise<TrafficFacts> {
    const plain = await this.plainly(checkName(backend), checkName(server), signal);
    if (plain) return plain;
    const servers = await this.backendSoon(backend, signal);
    if (Object.hasOwn(servers, server)) return servers[server]!;
    throw noServer(backend, server, Object.keys(servers));
  }

  /** One reading for all who ask in the same turn, as a plan does for each of its hosts; it begins after they asked. */
  private backendSoon(backend: string, signal: AbortSignal): Promise<Record<string, TrafficFacts>> {
    const before = this.soon.get(signal)?.get(backend);
    if (before) return before;
    const readings = this.soon.get(signal) ?? new Map<string, Promise<Record<string, TrafficFacts>>>();
    this.soon.set(signal, readings);
    const reading = nextTurn().then(() => {
      readings.delete(backend);
      return this.backend(backend, signal);
    });
    readings.set(backend, reading);
    return reading;
  }

  /** By number, whatever else there is in the balancer. @returns undefined when all has to be read to tell */
  private async plainly(
    backend: string,
    server: string,
    signal: AbortSignal,
  ): Promise<TrafficFacts | undefined> {
    const known = this.numbers.get(`${backend}/${server}`);
    if (!known) return undefined;
    const commands = ['show info', `show stat ${known.proxy} 4 ${known.server}`];
    const [info, stats] = await ask(this.at, commands, signal);
    const generation = generationOf(readInfo(info!));
    const row = readCsv(stats!).find(
      (row) => column(row, 'pxname') === backend && column(row, 'svname') === server,
    );
    return row && generation === known.generation ? plainFactsOf(row, generation) : undefined;
  }

  async backend(backend: string, signal: AbortSignal): Promise<Record<string, TrafficFacts>> {
    const name = checkName(backend);
    // by name, HAProxy would find a frontend of that name and no servers
    const commands = ['show info', 'show stat -1 4 -1', `show servers state ${name}`];
    const [info, stats, states] = await ask(this.at, commands, signal);
    const generation = generationOf(readInfo(info!));
    const stateOf = await this.serversState(backend, states!, signal);
    const rows = readCsv(stats!).filter((row) => column(row, 'pxname') === backend);
    const servers = rows.map((row) => {
      const server = column(row, 'svname');
      const numbers = { generation, proxy: column(row, 'iid'), server: column(row, 'sid') };
      this.numbers.set(`${backend}/${server}`, numbers);
      return [server, factsOf(row, one(stateOf, backend, server), generation)] as const;
    });
    return Object.fromEntries(servers);
  }

  async set(
    backend: string,
    server: string,
    wanted: WantedTraffic,
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void> {
    const place = [checkName(backend), checkName(server)];
    const weight = wanted.state === 'in' ? [checkWeight(wanted.weight)] : [];
    const state = wanted.state === 'in' && wanted.held ? 'held' : wanted.state;
    const { epoch, attempt } = fence;
    const args = [String(epoch), String(attempt), ...this.files, ...place, state, ...weight];
    await this.run('haproxy-set', args, `${place.join('/')} → ${wanted.state}`, SET_LIMIT, signal);
  }

  async drain(
    backend: string,
    server: string,
    { seen, thenOut }: { seen: TrafficFacts; thenOut: boolean },
    fence: Fence,
    signal: AbortSignal,
  ): Promise<number> {
    const place = [checkName(backend), checkName(server)];
    const how = seen.state === 'out' ? 'count' : thenOut ? 'out' : 'drain';
    const args = [String(fence.epoch), String(fence.attempt), ...this.files, ...place, how];
    const left = await this.run('haproxy-drain', args, `${place.join('/')} → ${how}`, SET_LIMIT, signal);
    return numberIn({ 'requests left': left.trim() }, 'requests left');
  }

  reconcile(places: { backend: string; server: string }[], signal: AbortSignal): Promise<Reconciled> {
    const assert = (backend: string, server: string) =>
      this.run('haproxy-assert', [...this.files, backend, server], `${backend}/${server}`, SET_LIMIT, signal);
    for (const { backend, server } of places) [backend, server].forEach(checkName);
    return reconcile(this.at, places, assert, signal);
  }

  async handBack({ backend, server, epoch }: KeptServer, signal: AbortSignal): Promise<void> {
    const args = [...this.files, checkName(backend), checkName(server), String(epoch)];
    await this.run('haproxy-hand-back', args, `${backend}/${server}`, SET_LIMIT, signal);
  }

  async raise(
    places: { backend: string; server: string }[],
    fence: Fence,
    holder: string,
    signal: AbortSignal,
  ): Promise<void> {
    const lanes = places.map(({ backend, server }) => `haproxy/${checkName(backend)}/${checkName(server)}`);
    await raiseFences(this.at.host, lanes, fence, holder, signal);
  }

  async requests(
    backend: string,
    signal: AbortSignal,
  ): Promise<Record<string, { generation: string; requests: Requests }>> {
    const [info, stats] = await ask(this.at, ['show info', 'show stat -1 4 -1'], signal);
    const generation = generationOf(readInfo(info!));
    const rows = readCsv(stats!).filter((row) => column(row, 'pxname') === checkName(backend));
    return Object.fromEntries(
      rows.map((row) => [column(row, 'svname'), { generation, requests: requestsOf(row) }]),
    );
  }

  async counts(backend: string, signal: AbortSignal): Promise<BackendCounts> {
    // backends and servers, twice
    const stat = 'show stat -1 6 -1';
    const [info, ...readings] = await ask(this.at, ['show info', stat, stat], signal);
    const name = checkName(backend);
    const rows = readings.map((text) => readCsv(text).filter((row) => column(row, 'pxname') === name));
    return countsOf(rows, generationOf(readInfo(info!)));
  }

  examine(signal: AbortSignal): Promise<BalancerComplaint[]> {
    return examine(this.at, signal);
  }

  /** Rows of `show servers state` by server name. */
  private async serversState(backend: string, text: string, signal: AbortSignal): Promise<Map<string, Row>> {
    if (/^1\n/.test(text))
      return new Map(readServersState(text).map((row) => [column(row, 'srv_name'), row]));
    const [list] = await ask(this.at, ['show backend'], signal);
    const known = list!.split('\n').filter((line) => line && !line.startsWith('#'));
    throw new PawlError(
      'BalancerRefused',
      `${placeOf(this.at)} refuses backend "${backend}": ${text.trim()} Its backends are ${known.join(', ') || 'none'}`,
    );
  }

  private async run(
    script: string,
    args: string[],
    what: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<string> {
    const { code, stdout, stderr } = await this.at.host.run(script, args, { signal, timeoutMs });
    if (code === 0) return stdout;
    const words = `${placeOf(this.at)}: ${what}: ${stderr.trim().slice(0, 500) || `exit code ${code}`}`;
    throw new PawlError(FAILURE_OF[code] ?? 'CommandFailed', words);
  }
}

function one(rows: Map<string, Row>, backend: string, server: string): Row {
  const row = rows.get(server);
  if (row) return row;
  throw noServer(backend, server, [...rows.keys()]);
}

function noServer(backend: string, server: string, known: string[]): PawlError {
  const list = known.join(', ') || 'none';
  return new PawlError('BalancerRefused', `HAProxy has no server "${backend}/${server}"; it has ${list}`);
}

/** HAProxy's own alphabet for names; anything else could be a command of its own. */
function checkName(name: string): string {
  if (/^[A-Za-z0-9_:-][A-Za-z0-9_.:-]*$/.test(name)) return name;
  throw new PawlError('BadInput', `${JSON.stringify(name)} cannot be a name in HAProxy`);
}

/** An absolute weight. HAProxy itself refuses more than 256. */
function checkWeight(weight: number): string {
  if (Number.isSafeInteger(weight) && weight >= 0) return String(weight);
  throw new PawlError('BadInput', `a weight in HAProxy is a whole number from 0 to 256, not ${weight}`);
}
