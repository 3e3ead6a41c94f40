import type { Intent } from '../contracts/plan';

/** What a change is about beside its service: a version, or words. */
export function aboutOf({ version, about }: Pick<Intent, 'version' | 'about'>): string {
  return about ?? version ?? '';
}

/** `web → 1.4.2`, `web: n3 out of service (new disk)`: as lists, people in line and reports call a change. */
export function changeText(service: string | null, of: { version?: string | null; about?: string }): string {
  if (of.about !== undefined) return `${service}: ${of.about}`;
  return of.version ? `${service} → ${of.version}` : `${service}`;
}
