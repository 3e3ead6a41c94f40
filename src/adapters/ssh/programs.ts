/**
 * The fixed programs that run on hosts: `src/host/*.sh` and `src/host/jobs/*.sh`. A comment line
 * `# uses: fence` puts the shared text `src/host/lib/fence.sh` in front of a program.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PawlError } from '../../contracts/failures';

export interface Program {
  /** POSIX sh, complete with the shared text it uses */
  text: string;
  /** it may end with the fence's exit codes */
  fenced: boolean;
}

const cache = new Map<string, Program>();
let folder: string | undefined;

/** @param name `upload` or `jobs/switch-release`, without `.sh` */
export function loadProgram(name: string): Program {
  const known = cache.get(name);
  if (known) return known;
  const own = readText(name);
  const libraries = [...own.matchAll(/^# uses: (.+)$/gm)].flatMap(([, names]) => names!.trim().split(/\s+/));
  const text = [...libraries.map((library) => readText(`lib/${library}`)), own].join('\n');
  const program = { text, fenced: libraries.includes('fence') };
  cache.set(name, program);
  return program;
}

function readText(name: string): string {
  if (!/^([a-z]+\/)?[a-z0-9-]+$/.test(name))
    throw new PawlError('BadInput', `"${name}" is not a program's name`);
  const file = join((folder ??= findFolder()), `${name}.sh`);
  if (!existsSync(file)) throw new PawlError('BadInput', `there is no program src/host/${name}.sh`);
  return readFileSync(file, 'utf8');
}

/** The same text serves `src/` under jest and the compiled `dist/src/`. */
function findFolder(): string {
  for (let at = __dirname; at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return join(at, 'src', 'host');
  }
  throw new PawlError('BadInput', `no package.json above ${__dirname}`);
}
