/** Rendered files as a host takes them: `src/host/lib/config.sh` says what a state is. */
import { createHash } from 'node:crypto';
import type { ConfigTarget } from '../../contracts/config-set';
import type { GoneFile } from '../../contracts/plan';
import type { Rendered } from './render';

export interface ConfigState {
  /** SHA-256 over manifest and actions; the manifest has the sums of the files */
  name: string;
  manifest: string;
  actions: string;
  /** of all files, one behind the other */
  content: Buffer;
}

/** @param gone files that shall not be there any more */
export function stateOf(files: readonly Rendered[], gone: readonly GoneFile[] = []): ConfigState {
  const followed = [...files.map(({ target }) => actionOf(target)), ...gone.map(({ action }) => action)];
  const actions = [...new Set(followed.filter((action) => action !== null))];
  // what is read by a service that starts anew is there before another one is told to look again
  actions.sort((one, other) => rank(one) - rank(other));
  const number = (action: string | null) => (action === null ? '-' : String(actions.indexOf(action) + 1));
  const lines = [
    ...files.map((file) => manifestLine(file, number(actionOf(file.target)))),
    ...gone.map(({ action, path }) => `- - - 0 absent ${number(action)} ${path}\n`),
  ];
  const [manifest, text] = [lines.join(''), actions.map((action) => `${action}\n`).join('')];
  return {
    name: sha256(manifest + text),
    manifest,
    actions: text,
    content: Buffer.concat(files.map(({ bytes }) => bytes)),
  };
}

/** @param word what stands before the path: the number of an action, or another word of a program of the host */
export function manifestLine({ target, bytes }: Rendered, word: string): string {
  const { mode, owner, group, path } = target;
  return `${[mode, owner, group, bytes.length, sha256(bytes), word, path].join(' ')}\n`;
}

/** What makes the host use a file, as `config.sh` reads it. */
export function actionOf({ after }: ConfigTarget): string | null {
  if (after === 'nothing') return null;
  if ('restart' in after) return `restart ${after.restart}`;
  if ('reload' in after) return `reload ${after.reload}`;
  return ['run', ...after.run.map((argument) => Buffer.from(argument).toString('base64'))].join(' ');
}

const rank = (action: string) => (action.startsWith('run ') ? 0 : action.startsWith('restart ') ? 1 : 2);

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
