/** Files to hosts: streamed, checked there, complete or not there at all. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { PawlError, type FailureType } from '../../contracts/failures';
import type { Ran, RemoteHost } from '../../contracts/world';
import { onAbort } from '../abort';

/** Milliseconds without a byte after which an upload is given up. */
const STALL = 30_000;
/** Milliseconds for the host to read a file and compute its sum: 10 MB/s and a start. */
const checkTime = (size: number) => 30_000 + size / 10_000;
/** No upload takes longer than this, milliseconds. */
const LONGEST = 6 * 3600_000;

/** What to bring where. Give `file`, or `open` for bytes that come from elsewhere. */
type UploadSpec = ({ file: string } | { open(): Readable }) & {
  /** bytes */
  size: number;
  /** of the whole, hex */
  sha256: string;
  /** absolute; its folder is made if it is not there */
  remotePath: string;
  /** e.g. 0o600 */
  mode: number;
  /** must stay free on the host beside the file, default 0 */
  keepFreeBytes?: number;
  /** somebody has looked: it is not there. Otherwise the host is asked first */
  absent?: boolean;
};

/** Exit codes of `src/host/upload.sh` and `upload-check.sh`. */
const FAILURES: Record<number, { type: FailureType; words: string }> = {
  81: { type: 'ChecksumMismatch', words: 'the bytes that arrived are not the planned ones' },
  82: { type: 'ChecksumMismatch', words: 'the file has another size than planned' },
  83: { type: 'DiskFull', words: 'too little space' },
};

/**
 * Brings a file to a host, unless it is there already.
 *
 * @param onProgress bytes handed over so far
 * @throws ChecksumMismatch, DiskFull, CommandFailed, TimedOut when nothing moves, and the SSH failures
 */
export async function upload(
  host: RemoteHost,
  spec: UploadSpec,
  signal: AbortSignal,
  onProgress: (bytes: number) => void = () => {},
): Promise<{ skipped: boolean }> {
  const { size, sha256, remotePath, mode } = spec;
  const where = `${host.name}:${remotePath}`;
  const args = [remotePath, String(size), sha256, mode.toString(8)];
  if (!spec.absent && (await isThere(host, spec, args, signal))) return { skipped: true };
  const stall = new Stall(signal, where);
  const source = 'file' in spec ? createReadStream(spec.file) : spec.open();
  // one that fails before it is read from would end the process; reading tells of it again
  source.on('error', () => {});
  const stdin = counted(source, (bytes) => {
    // after the last byte the host computes the sum
    stall.moved(bytes < size ? STALL : checkTime(size));
    onProgress(bytes);
  });
  try {
    done(await host.run('upload', args, { signal: stall.signal, timeoutMs: LONGEST, stdin }), where);
  } finally {
    stall.clear();
    source.destroy();
  }
  return { skipped: false };
}

async function isThere(
  host: RemoteHost,
  { size, remotePath, keepFreeBytes = 0 }: UploadSpec,
  args: string[],
  signal: AbortSignal,
): Promise<boolean> {
  const options = { signal, timeoutMs: checkTime(size) };
  const check = await host.run('upload-check', [...args, String(keepFreeBytes)], options);
  return done(check, `${host.name}:${remotePath}`).stdout.trim() === 'same';
}

function done(ran: Ran, where: string): Ran {
  if (ran.code === 0) return ran;
  const known = FAILURES[ran.code];
  const said = (ran.stderr || ran.stdout).trim().slice(-300);
  throw new PawlError(
    known?.type ?? 'CommandFailed',
    `${where}: ${known?.words ?? `the upload ended with ${ran.code}`}: ${said}`,
  );
}

function counted(source: Readable, onBytes: (bytes: number) => void): Readable {
  return Readable.from(
    (async function* () {
      let bytes = 0;
      for await (const chunk of source as AsyncIterable<Buffer>) {
        yield chunk;
        // the host has room for the next one
        bytes += chunk.length;
        onBytes(bytes);
      }
    })(),
  );
}

/** Follows the caller's signal, and aborts by itself when nothing moves. */
class Stall {
  readonly signal: AbortSignal;
  private readonly controller = new AbortController();
  private readonly unfollow: () => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    caller: AbortSignal,
    private readonly where: string,
  ) {
    this.signal = this.controller.signal;
    this.unfollow = onAbort(caller, (reason) => this.controller.abort(reason));
    this.moved(STALL);
  }

  /** @param next milliseconds until the next sign of life */
  moved(next: number): void {
    clearTimeout(this.timer);
    const words = `${this.where}: the upload has stood still for ${next / 1000} s`;
    this.timer = setTimeout(() => this.controller.abort(new PawlError('TimedOut', words)), next);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.unfollow();
  }
}
