/** What a synchronisation of configuration found and began. */
import type { Report } from './status';

/** A release that was brought by itself, or tried: never again. */
export interface Synced {
  tag: string;
  commit: string;
  /** workflow id of its change */
  run: string;
}

/** What is to be done for a service. */
export interface ServiceSync {
  service: string;
  /** in words */
  says: string;
  /** a change to start, with the input of configCanary */
  start?: Synced & { input: object };
}

export interface FoundReleases {
  cluster: string;
  services: ServiceSync[];
  dryRun: boolean;
}

/** Temporal gives the next run of a schedule what the one before has returned. */
export type SyncReport = Report & {
  services: Omit<ServiceSync, 'start'>[];
  /** by service, the last release that was started */
  synced: Record<string, Synced>;
};

/** An id is used once: a release is tried once. No name and no tag has a colon. */
export const syncRunId = (cluster: string, tag: string) => `sync:${cluster}:${tag.replaceAll('/', ':')}`;
