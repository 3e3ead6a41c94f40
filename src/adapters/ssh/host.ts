import type { Duplex } from 'node:stream';
import { PawlError } from '../../contracts/failures';
import type { Ran, RemoteHost, RunOptions } from '../../contracts/world';
import type { Answer } from './exchange';
import type { HostPool } from './pool';
import { loadProgram } from './programs';
import { commandLine } from './quote';
import { runCommand } from './run';
import { openStream } from './streams';

/** Exit codes of `src/host/lib/fence.sh`. */
const FENCED = 91;
const LANE_BUSY = 92;

/** One host over its pool. */
export class SshHost implements RemoteHost {
  constructor(
    readonly name: string,
    private readonly pool: HostPool,
    private readonly sudo: boolean,
  ) {}

  /** @throws Fenced and LaneBusy too, for programs that use the fence */
  async run(script: string, args: readonly string[], options: RunOptions): Promise<Ran> {
    const program = loadProgram(script);
    const command = commandLine(program.text, args, this.sudo);
    const { began, ...ran } = await runCommand(this.pool, `${script} on ${this.name}`, command, options);
    if (!began) throw this.notBegun(script, ran);
    if (program.fenced) throwIfFenced(this.name, ran);
    return ran;
  }

  openSocket(path: string, signal: AbortSignal): Promise<Duplex> {
    const what = `the socket ${path} on ${this.name}`;
    return openStream(this.pool, what, signal, (connection, onOpen) => connection.openSocket(path, onOpen));
  }

  openTcp(address: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const what = `${address}:${port} from ${this.name}`;
    return openStream(this.pool, what, signal, (connection, onOpen) =>
      connection.openTcp(address, port, onOpen),
    );
  }

  /** The account answered by itself: no shell, a forced command, or sudo that asks for a password. */
  private notBegun(script: string, ran: Omit<Answer, 'began'>): PawlError {
    const said = (ran.stderr || ran.stdout).trim().slice(0, 500) || 'nothing';
    const words = `${this.name} did not run ${script}: exit code ${ran.code}, it said: ${said}`;
    // ended by a signal before it began, as happens while a host goes down
    if (ran.code > 128) return new PawlError('HostUnreachable', words);
    const advice = this.sudo ? '; `sudo -n sh` must work for this account' : '';
    return new PawlError('AccessDenied', words + advice, { notBegun: true });
  }
}

function throwIfFenced(host: string, ran: Ran): void {
  if (ran.code !== FENCED && ran.code !== LANE_BUSY) return;
  const words = /^pawl: (.*)$/m.exec(ran.stderr)?.[1] ?? 'the fence gave no reason';
  throw new PawlError(ran.code === FENCED ? 'Fenced' : 'LaneBusy', `${host}: ${words}`);
}
