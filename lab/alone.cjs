// One process at a time. An abstract UNIX socket is the lock: the kernel gives it to one process only
// and takes it back when that process ends, however it ends, so no stale lock can stay behind.
// Plain JavaScript, because the build itself needs it; types stand in alone.d.cts.
const { createHash } = require('node:crypto');
const { createServer } = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');

const LONGEST_WAIT_MS = 600_000;
const POLL_MS = 50;

exports.alone = async function alone(what, place, work) {
  // Only Linux has abstract sockets; elsewhere two at once are not kept apart.
  const lock = process.platform === 'linux' ? await take(what, place) : undefined;
  try {
    return await work();
  } finally {
    lock?.close();
  }
};

async function take(what, place) {
  const name = `\0pawl-${createHash('sha256').update(`${what}\0${place}`).digest('hex').slice(0, 32)}`;
  const until = performance.now() + LONGEST_WAIT_MS;
  for (let told = false; performance.now() < until; told = true) {
    const server = await listen(name);
    if (server) return server;
    if (!told)
      process.stderr.write(`pawl: another process is at work on ${what} in ${place}; waiting for it\n`);
    await sleep(POLL_MS);
  }
  throw new Error(
    `another process is still at work on ${what} in ${place} after ${LONGEST_WAIT_MS / 1000} s`,
  );
}

function listen(path) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(path, () => resolve(server.unref()));
  });
}
