// One process at a time. An abstract UNIX socket is the lock: the kernel gives it to one process only
// and takes it back when that process ends, however it ends, so no stale lock can stay behind.
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, say } from './ground.mjs';

const LONGEST_WAIT_MS = 300_000;
const POLL_MS = 50;

/**
 * Runs `work` while no other process of this clone runs work of the same name. Only Linux has
 * abstract sockets; elsewhere two at once are not kept apart.
 */
export async function alone(name, work) {
  const lock = process.platform === 'linux' ? await take(name) : undefined;
  try {
    return await work();
  } finally {
    lock?.close();
  }
}

async function take(name) {
  const clone = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const until = performance.now() + LONGEST_WAIT_MS;
  for (let told = false; performance.now() < until; told = true) {
    const server = await listen(`\0pawl-${name}-${clone}`);
    if (server) return server;
    if (!told) say(`another process works on the ${name} of this clone; waiting for it`);
    await sleep(POLL_MS);
  }
  throw new Error(`the ${name} of this clone is still being worked on after ${LONGEST_WAIT_MS / 1000} s`);
}

function listen(path) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(path, () => resolve(server.unref()));
  });
}
