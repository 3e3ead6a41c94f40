import { BEGIN } from './quote';

/** Kept of what comes before the program's begin, for error messages. */
const NOISE_BYTES = 16 * 1024;

/** One output stream of a command: valid UTF-8, capped; what is beyond is counted and dropped. */
export class Output {
  /** whether the program itself has begun to run */
  began = false;
  /** all bytes of the program, the dropped ones too */
  bytes = 0;
  private noise: Buffer = Buffer.alloc(0);
  private decoded = '';
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(private readonly cap: number) {}

  push(chunk: Buffer): void {
    if (this.began) return this.keep(chunk);
    const seen = Buffer.concat([this.noise, chunk]);
    const at = seen.indexOf(BEGIN);
    if (at < 0) {
      this.noise = seen.subarray(-NOISE_BYTES);
      return;
    }
    this.began = true;
    this.noise = Buffer.alloc(0);
    this.keep(seen.subarray(at + BEGIN.length));
  }

  /** The program's output; of a command that never began, what was said instead. */
  text(): string {
    if (!this.began) return this.noise.toString('utf8');
    // a character that the cap cut in two is dropped; one that was incomplete by itself is marked
    return this.truncated ? this.decoded : this.decoded + this.decoder.decode();
  }

  get truncated(): boolean {
    return this.bytes > this.cap;
  }

  private keep(chunk: Buffer): void {
    const room = this.cap - this.bytes;
    if (room > 0) this.decoded += this.decoder.decode(chunk.subarray(0, room), { stream: true });
    this.bytes += chunk.length;
  }
}
