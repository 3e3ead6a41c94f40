/** Two hosts behind HAProxy and nginx, and a store, with three cluster files: the usual one has neither nginx nor the store. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { Ground } from '../lab/ground';
import { BACKUPS, passwordOf, withStore } from './backups';
import { HEALTH } from './stories';
import { toldIn } from './traces';

interface File {
  balancers: Record<string, object>;
  services: {
    web: { routes: { balancer: string }[]; health: object; capacity?: object; limits: object };
    webdeb?: object;
  };
  config?: object;
  backups?: object;
}

/** The file of the stories in which nginx takes part. */
export const bothBalancers = (ground: Ground) => join(dirname(ground.cluster), 'both-balancers.yaml');

export async function groundUp(name: string): Promise<Ground> {
  const ground = await Ground.up(name, 2, { nginx: true, backup: true, worker: false });
  const both = parse(await readFile(ground.cluster, 'utf8')) as File;
  delete both.backups;
  const { web } = both.services;
  web.health = { path: HEALTH };
  Object.assign(both, { notifications: { channels: { app: { kind: 'file', folder: toldIn(ground) } } } });
  await writeFile(bothBalancers(ground), stringify(both));
  // nginx does not say how many requests come
  web.capacity = { requestsPerSecond: 10_000 };
  delete both.balancers['inner'];
  web.routes = web.routes.filter(({ balancer }) => balancer !== 'inner');
  await writeFile(ground.cluster, stringify(both));
  await writeStoreFile(ground, both);
  return ground;
}

/** No service but the one that is there, and a short time for what stands still to be found so. */
async function writeStoreFile(ground: Ground, usual: File): Promise<void> {
  const { config: _, services, ...rest } = usual;
  const web = { ...services.web, limits: { ...services.web.limits, healthySeconds: 3 } };
  const { file, text } = passwordOf(ground);
  await writeFile(file, text);
  await writeFile(withStore(ground), stringify({ ...rest, services: { web }, backups: BACKUPS }));
}
