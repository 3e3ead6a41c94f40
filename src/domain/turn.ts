/** A change's side of the lease: what it asks for, what it was told, and how it says that it waits. */
import type { Claim, Line, Named, ToHolder } from '../contracts/lease';
import type { PlannedHost } from '../contracts/plan';
import type { Phase } from '../contracts/status';

/** What the lease said so far: plain data, so that it survives continue-as-new. */
export interface Turn {
  /** how the lease knows this change */
  key: string;
  /** it has asked; what a lease said before that was said to another life of this run */
  asked: boolean;
  granted: { epoch: number; claims: Claim[]; leftovers: string[] } | null;
  line: Line | null;
  refused: Pick<ToHolder['leaseRefused'], 'why' | 'by'> | null;
  /** it is to give way, or has lost its lease already; `takesAll`: whoever comes sees to every host, however it stands */
  over: { by: string; lost: boolean; takesAll?: boolean } | null;
}

export function newTurn(key: string): Turn {
  return { key, asked: false, granted: null, line: null, refused: null, over: null };
}

/** Whoever has it is the only one who changes hosts of the service. */
export const serviceClaim = (service: string) => `service ${service}`;

/**
 * Hosts are for one change alone. Balancers are shared: only states of single servers are set there. The service
 * itself is claimed, because its hosts vouch for each other: two changes that each take out one host would take
 * out two.
 *
 * @param services without those that are left to others
 */
export function claimsOf(services: readonly string[], hosts: readonly PlannedHost[]): Claim[] {
  const balancers = new Set(hosts.flatMap(({ places }) => places.map(({ balancer }) => balancer)));
  return [
    ...services.map((name): Claim => ({ name: serviceClaim(name), mode: 'exclusive' })),
    ...hosts.map(({ name }): Claim => ({ name: `host ${name}`, mode: 'exclusive' })),
    ...[...balancers].map((name): Claim => ({ name: `balancer ${name}`, mode: 'shared' })),
  ];
}

/** The hosts among claims. */
export function hostsIn(claims: readonly Claim[]): string[] {
  return claims.flatMap(({ name }) => (name.startsWith('host ') ? [name.slice('host '.length)] : []));
}

/** Who holds what is waited for, and the place in line. */
export function waitText(line: Line | null, phases: Record<string, Phase | undefined>): string {
  if (!line) return 'the lease of this cluster has not answered yet';
  const named = ({ id, what }: Named) => {
    const phase = phases[id];
    return `${id} (${what}${phase ? `, ${phase} when asked` : ''})`;
  };
  const holders = line.holders.map(named).join(' and ');
  const ahead = line.ahead.map(named).join(', ');
  const place = `place ${line.place} of ${line.of} in line`;
  if (!holders) return `${place}, behind ${ahead || 'nobody'}`;
  const verb = line.holders.length > 1 ? 'hold' : 'holds';
  return `${holders} ${verb} what this change needs; ${place}${ahead ? `, behind ${ahead}` : ''}`;
}
