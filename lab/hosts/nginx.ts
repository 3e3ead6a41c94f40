import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfServers } from '../../src/adapters/load-balancers/nginx/servers';
import { oneWay } from '../../src/adapters/load-balancers/nginx/steering';
import { variableOf } from '../../src/adapters/load-balancers/nginx/variables';
import { isRouted, type LabHost } from './topology';

const FOLDER = '/etc/nginx/pawl';
const PORT = 8979;

/**
 * It never repeats a request elsewhere, so that every failed one is seen. Connections of clients are not kept: at a
 * reload nginx closes those that are idle, and a client that asks at just that moment would see a reset.
 */
const CONFIG = `user www-data;
worker_processes 2;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events {
    worker_connections 4096;
}
http {
    access_log off;
    keepalive_timeout 0;
    include ${FOLDER}/served.conf;
    upstream web {
        keepalive 32;
        include ${FOLDER}/web.servers;
    }
    server {
        listen 80;
        location / {
            include ${FOLDER}/web.door;
            proxy_pass http://${variableOf('web')};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_connect_timeout 1s;
            proxy_next_upstream off;
        }
    }
}
`;

/** Nothing is closed, and nobody is told apart. */
const OTHERS = { 'web.maps': '', 'web.door': '', 'web.testers': `${oneWay('web')}\n` };

/** As docs/nginx.md tells people to set it up. What Pawl has written stays while the hosts are the same. */
export async function writeNginx(root: string, hosts: LabHost[]): Promise<void> {
  const servers = hosts
    .filter(isRouted)
    .map(({ name, address, role }) => {
      const down = role === 'idle' ? ' down' : '';
      return `server ${address}:8080 weight=100${down}; # ${name}\n`;
    })
    .join('');
  const file = join(root, FOLDER, 'web.servers');
  const others = Object.keys(OTHERS).map((name) => join(root, FOLDER, name));
  const names = (text: string) => text.match(/(?<=# )\S+/g)?.join();
  const is = [file, ...others].every(existsSync);
  if (is && names(await readFile(file, 'utf8')) === names(servers)) return;
  await mkdir(join(root, FOLDER), { recursive: true });
  await writeFile(join(root, 'etc/nginx/nginx.conf'), CONFIG);
  await writeFile(file, servers);
  for (const [name, text] of Object.entries(OTHERS)) await writeFile(join(root, FOLDER, name), text);
  await writeFile(join(root, FOLDER, 'served.conf'), servedConf(servers));
}

function servedConf(servers: string): string {
  const others = Object.entries(OTHERS).map(([name, text]) => {
    return [name, createHash('sha256').update(text).digest('hex'), 'return 204'] as const;
  });
  const files = [
    ['web.servers', digestOfServers(servers), `alias ${FOLDER}/web.servers`] as const,
    ...others,
  ];
  const location = ([name, digest, shown]: (typeof files)[number]) =>
    `    location = /${name} { add_header X-Pawl-Served "${digest} ${Date.now()}000000 $pid" always; ${shown}; }\n`;
  return `include ${FOLDER}/*.maps;
include ${FOLDER}/*.testers;
server {
    listen 127.0.0.1:${PORT};
    access_log off; auth_basic off; open_file_cache off; default_type text/plain;
${files.map(location).join('')}}
`;
}
