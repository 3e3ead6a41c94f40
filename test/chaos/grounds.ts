/** Two hosts behind HAProxy and nginx, with two cluster files: nginx is not in the usual one. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { Ground } from '../lab/ground';
import { HEALTH } from './stories';

interface File {
  balancers: Record<string, object>;
  services: { web: { routes: { balancer: string }[]; health: object; capacity?: object } };
}

/** The file of the stories in which nginx takes part. */
export const bothBalancers = (ground: Ground) => join(dirname(ground.cluster), 'both-balancers.yaml');
/** The folder in which people find their messages. */
export const toldIn = (ground: Ground) => join(dirname(ground.cluster), 'told');

export async function groundUp(name: string): Promise<Ground> {
  const ground = await Ground.up(name, 2, { nginx: true, worker: false });
  const both = parse(await readFile(ground.cluster, 'utf8')) as File;
  const { web } = both.services;
  web.health = { path: HEALTH };
  Object.assign(both, { notifications: { channels: { app: { kind: 'file', folder: toldIn(ground) } } } });
  await writeFile(bothBalancers(ground), stringify(both));
  // nginx does not say how many requests come
  web.capacity = { requestsPerSecond: 10_000 };
  delete both.balancers['inner'];
  web.routes = web.routes.filter(({ balancer }) => balancer !== 'inner');
  await writeFile(ground.cluster, stringify(both));
  return ground;
}
