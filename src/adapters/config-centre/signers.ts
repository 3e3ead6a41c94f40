/** Signatures of commits and tags, judged by git with the keys of the cluster file and no others. */
import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import type { Rights } from '../../contracts/config-centre';
import type { Mistake } from '../../contracts/failures';
import { badInput, escaped } from '../../domain/mistakes';
import { noSuchName } from '../../domain/nearest';
import type { Commit, Signature } from '../../domain/config/rights';
import { git, run } from './git';

export interface Signers {
  /** absolute */
  file: string;
  /** by fingerprint of a key, who it stands for */
  names: ReadonlyMap<string, string>;
}

/** Nobody: what is signed is signed by strangers. */
export const NOBODY: Signers = { file: '/dev/null', names: new Map() };

const LINE =
  /^("[^"]*"|\S+)\s+(?:((?:[^\s"]|"[^"]*")+)\s+)?((?:sk-)?(?:ssh|ecdsa)-[A-Za-z0-9@.-]+)\s+([A-Za-z0-9+/]+=*)(\s|$)/;

/**
 * @param folder where the path begins
 * @param outside of this folder the file must lie: who may change the repository may not change the rules
 * @throws BadInput where there is no such file, a line of it cannot be read, or rules name somebody else
 */
export async function readSigners(
  { allowedSigners, rules }: Rights,
  folder: string,
  outside?: string,
): Promise<Signers> {
  if (allowedSigners === undefined) return NOBODY;
  const path = 'config.rights.allowedSigners';
  const refuse = (value: string, rule: string) =>
    badInput([{ code: 'noSigners', path, value: escaped(value), rule }]);
  const file = await realpath(resolve(folder, allowedSigners)).catch((error: NodeJS.ErrnoException) => {
    throw refuse(allowedSigners, `the file cannot be read: ${error.code ?? error.message}`);
  });
  const inside = outside === undefined ? undefined : await realpath(outside).catch(() => undefined);
  if (inside !== undefined && file.startsWith(inside + sep))
    throw refuse(allowedSigners, 'must not lie in the repository: who may change that would change who may');
  const { names, patterns, wrong } = parsed(await readFile(file, 'utf8'));
  const mistakes: Mistake[] = wrong.map((line) => ({
    ...{ code: 'noSigner', path: `${escaped(allowedSigners)}:${line}`, value: 'nothing' },
    rule: 'no line of ssh-keygen’s ALLOWED SIGNERS format: NAME [OPTIONS] KEYTYPE KEY',
  }));
  const known = [...names.values()];
  for (const [index, { signers = [] }] of rules.entries())
    for (const [at, name] of signers.entries())
      if (name !== '*' && !known.includes(name) && !patterns.some((pattern) => pattern.test(name)))
        mistakes.push({
          ...{ code: 'unknownName', path: `config.rights.rules.${index}.signers.${at}`, value: name },
          rule: `${noSuchName(name, known)}, in allowedSigners; of a line with several names the first counts`,
        });
  if (mistakes.length > 0) throw badInput(mistakes);
  return { file, names };
}

/** `patterns`: of lines about keys that sign keys, for whom those may be. */
function parsed(text: string) {
  const names = new Map<string, string>();
  const patterns: RegExp[] = [];
  const wrong: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, principals, options = '', , key] = LINE.exec(line.trim()) ?? [];
    if (principals === undefined || key === undefined) {
      wrong.push(index + 1);
      continue;
    }
    const people = principals.replaceAll('"', '').split(',');
    if (/(^|,)cert-authority(,|$)/i.test(options)) patterns.push(...people.map(patternOf));
    else {
      const print = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64');
      names.set(`SHA256:${print.replace(/=+$/, '')}`, people[0]!);
    }
  }
  return { names, patterns, wrong };
}

function patternOf(glob: string): RegExp {
  const source = glob
    .replace(/[.+^$()|[\]{}\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`);
}

/** Settings of the repository name no program that is run here, and no keys. Only SSH keys count. */
function judging({ file }: Signers): string[] {
  const settings = {
    'gpg.program': 'false',
    'gpg.openpgp.program': 'false',
    'gpg.x509.program': 'false',
    'gpg.ssh.program': 'ssh-keygen',
    'gpg.ssh.allowedSignersFile': file,
    'gpg.minTrustLevel': 'undefined',
    'log.showSignature': 'false',
    'log.mailmap': 'false',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

const FIELD = '\x1f';
const AT_ONCE = 200;

/** @param ids whole commits */
export async function commitsWithSignatures(
  folder: string,
  ids: readonly string[],
  signers: Signers,
): Promise<Map<string, Commit>> {
  const commits = new Map<string, Commit>();
  const format = ['%H', '%G?', '%GS', '%GF', '%an'].join(FIELD);
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const log = ['log', '--no-walk=unsorted', '-z', `--format=${format}`, ...some, '--'];
    const listing = await git([...judging(signers), ...log], { cwd: folder });
    for (const entry of listing.split('\0').filter(Boolean)) {
      const [id = '', said = '', signer = '', key = '', author = ''] = entry.split(FIELD);
      commits.set(id, { id, author, signature: signatureOf(said, signer, key, signers) });
    }
  }
  return commits;
}

function signatureOf(said: string, signer: string, key: string, { names }: Signers): Signature {
  if (said === 'G') return { state: 'good', signer, key };
  if (said === 'U') {
    const name = names.get(key);
    return name === undefined ? { state: 'unknownKey', key } : { state: 'outOfTime', signer: name, key };
  }
  return { state: said === 'B' ? 'bad' : 'none' };
}

/** Of an annotated tag. */
export async function tagSignature(folder: string, tag: string, signers: Signers): Promise<Signature> {
  const cwd = folder;
  const text = await git(['cat-file', 'tag', `refs/tags/${tag}`], { cwd }).catch(() => '');
  if (!text.includes('\n-----BEGIN SSH SIGNATURE-----\n')) return { state: 'none' };
  const { code, stderr } = await run(
    'git',
    [...judging(signers), 'verify-tag', '--raw', `refs/tags/${tag}`],
    {
      cwd,
    },
  );
  const [, signer, key = ''] =
    /^Good "git" signature (?:for (\S+) )?with \S+ key (SHA256:\S+)$/m.exec(stderr) ?? [];
  if (!key) return { state: 'bad' };
  return signatureOf(signer !== undefined && code === 0 ? 'G' : 'U', signer ?? '', key, signers);
}
