/**
 * Open source nginx: the servers of an upstream stand in a file of ours, and every change is a reload. Reads go over
 * a forwarded TCP stream to nginx itself, fenced writes are done by a program on its host.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { PawlError } from '../../../contracts/failures';
import type {
  BalancerComplaint,
  Fence,
  KeptServer,
  LoadBalancer,
  Reconciled,
  TrafficFacts,
  WantedTraffic,
} from '../../../contracts/world';
import { raiseFences } from '../../ssh/fences';
import { togetherArgs, wantedArgs } from '../wanted-args';
import { examine } from './examine';
import { failureOf } from './failure';
import { unhealthy, type Health } from './probe';
import { reconcile } from './reconcile';
import { askServed, fileOf, placeOf, type NginxPlace, type Served } from './served';
import { checkName, type ServerLine } from './servers';

export interface NginxSettings extends NginxPlace {
  /** of the service behind each upstream */
  health: Record<string, Health>;
}

/** Milliseconds: locks 25 s, test and reload of a large configuration, 10 s for its proof. */
const SET_LIMIT = 60_000;
const COUNT_LIMIT = 15_000;
/** Milliseconds between two looks at a file that is not served: somebody may just be loading it. */
const LOADING = 150;
const LOOKS = 3;

export function nginx(at: NginxSettings): LoadBalancer {
  return new Nginx(at);
}

class Nginx implements LoadBalancer {
  readonly countsRequests = false;

  /** The stamp at which a server that gets no requests was seen without any: nothing can come until another one. */
  private readonly emptySince = new Map<string, string>();

  constructor(private readonly at: NginxSettings) {}

  async backend(backend: string, signal: AbortSignal): Promise<Record<string, TrafficFacts>> {
    const served = await this.served(backend, signal);
    return this.facts(backend, served, Object.keys(served.servers), signal);
  }

  async server(backend: string, server: string, signal: AbortSignal): Promise<TrafficFacts> {
    const served = await this.served(backend, signal);
    if (!Object.hasOwn(served.servers, server)) {
      const known = Object.keys(served.servers).join(', ') || 'none';
      const words = `${fileOf(this.at, backend)} has no server "${server}"; it has ${known}`;
      throw new PawlError('BalancerRefused', `${placeOf(this.at)}: ${words}`);
    }
    return (await this.facts(backend, served, [server], signal))[server]!;
  }

  async set(
    backend: string,
    server: string,
    wanted: WantedTraffic,
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void> {
    await this.write(backend, server, wantedArgs(wanted, checkWeight), fence, signal);
  }

  async setTogether(
    backend: string,
    wanted: Record<string, WantedTraffic>,
    { epoch, attempt }: Fence,
    signal: AbortSignal,
  ): Promise<void> {
    const { config, folder, port } = this.at;
    const servers = togetherArgs(wanted, checkName, checkWeight);
    const fenced = [String(epoch), String(attempt), config, folder, String(port)];
    const args = [...fenced, checkName(backend), ...servers];
    await this.run('nginx-set-together', args, `${backend}: ${servers.join(' ')}`, SET_LIMIT, signal);
  }

  async drain(
    backend: string,
    server: string,
    { seen, thenOut }: { seen: TrafficFacts; thenOut: boolean },
    fence: Fence,
    signal: AbortSignal,
  ): Promise<number> {
    const how = seen.state === 'out' ? 'count' : thenOut ? 'leave' : 'drain';
    const left = await this.write(backend, server, [how], fence, signal);
    return this.countsIn(left, 1)[0]!;
  }

  reconcile(places: { backend: string; server: string }[], signal: AbortSignal): Promise<Reconciled> {
    const { config, folder, port } = this.at;
    const assert = (backend: string, server: string) =>
      this.run(
        'nginx-assert',
        [config, folder, String(port), backend, server],
        `${backend}/${server}`,
        SET_LIMIT,
        signal,
      );
    for (const { backend, server } of places) [backend, server].forEach(checkName);
    return reconcile(this.at, places, assert, signal);
  }

  async handBack({ backend, server, epoch }: KeptServer, signal: AbortSignal): Promise<void> {
    const args = [this.at.folder, checkName(backend), checkName(server), String(epoch)];
    await this.run('nginx-hand-back', args, `${backend}/${server}`, SET_LIMIT, signal);
  }

  async raise(
    places: { backend: string; server: string }[],
    fence: Fence,
    holder: string,
    signal: AbortSignal,
  ): Promise<void> {
    const lanes = places.map(({ backend, server }) => `nginx/${checkName(backend)}/${checkName(server)}`);
    await raiseFences(this.at.host, lanes, fence, holder, signal);
  }

  requests(): Promise<never> {
    return this.counts();
  }

  counts(): Promise<never> {
    return Promise.reject(
      new PawlError('BalancerRefused', `${placeOf(this.at)} counts no requests of single servers`),
    );
  }

  examine(signal: AbortSignal): Promise<BalancerComplaint[]> {
    return examine(this.at, Object.keys(this.at.health), signal);
  }

  private async served(backend: string, signal: AbortSignal): Promise<Served> {
    for (let looks = 1; ; looks += 1) {
      const served = await askServed(this.at, checkName(backend), signal);
      if (served.proven || looks === LOOKS) return served;
      await delay(LOADING, undefined, { signal });
    }
  }

  private async facts(
    backend: string,
    served: Served,
    names: string[],
    signal: AbortSignal,
  ): Promise<Record<string, TrafficFacts>> {
    const [sessions, faults] = await Promise.all([
      this.sessions(backend, served, names, signal),
      Promise.all(names.map((name) => this.fault(backend, served.servers[name]!, signal))),
    ]);
    const facts = names.map((name, index) => {
      const line = served.servers[name]!;
      const state = served.proven ? factsOf(line, faults[index]) : UNPROVEN;
      return [
        name,
        { ...state, weight: line.weight, sessions: sessions[name]!, generation: served.stamp },
      ] as const;
    });
    return Object.fromEntries(facts);
  }

  /** A server that is out is checked by nobody. */
  private async fault(backend: string, line: ServerLine, signal: AbortSignal): Promise<string | undefined> {
    const health = this.at.health[backend];
    if (!health || line.wanted === 'out') return undefined;
    return unhealthy(this.at.host, line.address, health, signal);
  }

  /** Connections, as its host counts them. */
  private async sessions(
    backend: string,
    served: Served,
    names: string[],
    signal: AbortSignal,
  ): Promise<Record<string, number>> {
    const found = new Map<string, number>();
    const isDown = (name: string) => served.proven && served.servers[name]!.wanted !== 'in';
    for (const down of [true, false]) {
      const wanted = names.filter((name) => isDown(name) === down);
      const known = (name: string) => down && this.emptySince.get(`${backend}/${name}`) === served.stamp;
      const unknown = wanted.filter((name) => !known(name));
      for (const name of wanted) found.set(name, 0);
      if (unknown.length === 0) continue;
      const addresses = unknown.map((name) => served.servers[name]!.address);
      const args = [served.worker, down ? 'down' : 'in', ...addresses];
      const told = await this.run('nginx-left', args, 'its connections', COUNT_LIMIT, signal);
      this.countsIn(told, unknown.length).forEach((count, index) => {
        const name = unknown[index]!;
        found.set(name, count);
        if (down && count === 0) this.emptySince.set(`${backend}/${name}`, served.stamp);
      });
    }
    return Object.fromEntries(found);
  }

  private write(
    backend: string,
    server: string,
    wanted: string[],
    { epoch, attempt }: Fence,
    signal: AbortSignal,
  ): Promise<string> {
    const { config, folder, port } = this.at;
    const place = [checkName(backend), checkName(server)];
    const args = [String(epoch), String(attempt), config, folder, String(port), ...place, ...wanted];
    return this.run('nginx-set', args, `${place.join('/')} → ${wanted[0]}`, SET_LIMIT, signal);
  }

  private async run(
    script: string,
    args: string[],
    what: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<string> {
    const ran = await this.at.host.run(script, args, { signal, timeoutMs });
    if (ran.code !== 0) throw failureOf(this.at, what, ran);
    return ran.stdout;
  }

  private countsIn(text: string, wanted: number): number[] {
    const lines = text.trim().split('\n');
    if (lines.length === wanted && lines.every((line) => /^\d{1,9}$/.test(line))) return lines.map(Number);
    throw new PawlError(
      'BalancerUnavailable',
      `${placeOf(this.at)}: its connections cannot be read at ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
}

type StateFacts = Pick<TrafficFacts, 'state' | 'says' | 'healthy'>;

const UNPROVEN: StateFacts = {
  state: 'unknown',
  says: 'unknown: its file was changed by another hand, and nginx does not say that it serves it',
  healthy: false,
};

function factsOf({ wanted, weight }: ServerLine, fault: string | undefined): StateFacts {
  if (wanted === 'out') return { state: 'out', says: 'down', healthy: false };
  const healthy = fault === undefined;
  const says = [wanted === 'draining' ? 'down, draining' : `weight=${weight}`, fault]
    .filter(Boolean)
    .join(', ');
  return { state: wanted === 'draining' || healthy ? wanted : 'down', says, healthy };
}

function checkWeight(weight: number): string {
  if (Number.isSafeInteger(weight) && weight >= 1 && weight <= 65_535) return String(weight);
  throw new PawlError('BadInput', `a weight in nginx is a whole number from 1 to 65535, not ${weight}`);
}
