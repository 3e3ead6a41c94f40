import { spawn } from 'node:child_process';
import { loadProgram } from '../../src/adapters/ssh/programs';
import type { Ran, RemoteHost } from '../../src/contracts/world';
import { PLACE } from './centre';

/** A host that is a folder of this machine: the real programs run here, and every path of the files lies below it. */
export function folderHost(name: string, root: string): RemoteHost {
  const run: RemoteHost['run'] = async (script, args, { stdin = '' }) => {
    const there = typeof stdin !== 'string' ? '' : stdin.replaceAll(` ${PLACE}/`, ` ${root}${PLACE}/`);
    const ran = await ranHere(script, args, there);
    return { ...ran, stdout: ran.stdout.replaceAll(` ${root}${PLACE}/`, ` ${PLACE}/`) };
  };
  return { name, run } as RemoteHost;
}

export function ranHere(script: string, args: readonly string[], stdin: string | Buffer): Promise<Ran> {
  const child = spawn('sh', ['-c', loadProgram(script).text, script, ...args]);
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined).end(stdin);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({
        ...{ code: code ?? -1, truncated: false },
        ...{ stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() },
      }),
    );
  });
}
