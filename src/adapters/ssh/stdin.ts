import type { Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';

/**
 * Writes a command's stdin. A source that fails rejects and leaves stdin open, so that its failure
 * never looks like the end of the data.
 */
export async function feed(
  channel: ClientChannel,
  stdin: string | Buffer | Readable | undefined,
): Promise<void> {
  if (stdin === undefined || typeof stdin === 'string' || Buffer.isBuffer(stdin)) {
    channel.end(stdin);
    return;
  }
  let closed = false;
  channel.once('close', () => {
    closed = true;
    stdin.destroy();
  });
  try {
    for await (const chunk of stdin) {
      if (!channel.write(chunk)) await drained(channel);
      if (closed) return;
    }
  } catch (error) {
    // the command ended without reading everything: its exit code tells more
    if (closed) return;
    throw error;
  }
  channel.end();
}

function drained(channel: ClientChannel): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      channel.off('drain', done).off('close', done);
      resolve();
    };
    channel.on('drain', done).on('close', done);
  });
}
