import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfServers } from '../../src/adapters/load-balancers/nginx/servers';
import type { LabHost } from './topology';

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
            proxy_pass http://web;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_connect_timeout 1s;
            proxy_next_upstream off;
        }
    }
}
`;

/** As docs/nginx.md tells people to set it up. What Pawl has written stays while the hosts are the same. */
export async function writeNginx(root: string, hosts: LabHost[]): Promise<void> {
  const app = hosts.filter(({ role }) => role === 'app');
  const servers = app.map(({ name, address }) => `server ${address}:8080 weight=100; # ${name}\n`).join('');
  const file = join(root, FOLDER, 'web.servers');
  const names = (text: string) => text.match(/(?<=# )\S+/g)?.join();
  if (existsSync(file) && names(await readFile(file, 'utf8')) === names(servers)) return;
  await mkdir(join(root, FOLDER), { recursive: true });
  await writeFile(join(root, 'etc/nginx/nginx.conf'), CONFIG);
  await writeFile(file, servers);
  await writeFile(join(root, FOLDER, 'served.conf'), servedConf(servers));
}

const servedConf = (servers: string) => `server {
    listen 127.0.0.1:${PORT};
    access_log off; auth_basic off; open_file_cache off; default_type text/plain;
    location = /web { add_header X-Pawl-Served "${digestOfServers(servers)} ${Date.now()}000000 $pid" always; alias ${FOLDER}/web.servers; }
}
`;
