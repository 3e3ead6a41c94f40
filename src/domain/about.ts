import type { OutOfService } from '../contracts/out-of-service';
import type { Intent } from '../contracts/plan';
import type { HostStatus } from '../contracts/status';

/** What a change is about beside its service: a version, or words. */
export function aboutOf({ version, about }: Pick<Intent, 'version' | 'about'>): string {
  return about ?? version ?? '';
}

/** `web → 1.4.2`, `web: n3 out of service (new disk)`: as lists, people in line and reports call a change. */
export function changeText(service: string | null, of: { version?: string | null; about?: string }): string {
  if (of.about !== undefined) return `${service}: ${of.about}`;
  return of.version ? `${service} → ${of.version}` : `${service}`;
}

/** What a host is like that a change is through with; `was` is the version that it ran before. */
export function throughText(
  intent: Intent,
  host: Pick<HostStatus, 'name' | 'version' | 'balancers'>,
  was: string,
): string {
  const { name, version, balancers } = host;
  if (intent.version !== undefined) return `${name} runs ${version} and is in rotation; it ran ${was} before`;
  return Object.values(balancers).some(({ state }) => state === 'out')
    ? `${name} is out of service, as was asked for; nodeOnline brings it back`
    : `${name} is in rotation with its full weight`;
}

/** `n3 is out of service since 2026-11-28 10:15 UTC: new disk (anna)` */
export function outText(host: string, { reason, by, since }: OutOfService): string {
  return `${host} is out of service since ${since.slice(0, 16).replace('T', ' ')} UTC: ${reason} (${by})`;
}
