/** People with SSH keys of their own, who sign commits of a test's config centre, or do not. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mirrorOf } from '../../../src/adapters/config-centre/mirror';
import type { Files } from './centre';

export class SignedCentre {
  readonly folder = mkdtempSync(join(tmpdir(), 'pawl-signed-'));
  readonly repository = join(this.folder, 'centre');
  readonly signersFile = join(this.folder, 'allowed-signers');

  constructor() {
    mkdirSync(this.repository);
    this.git('init', '--quiet', '--initial-branch=main');
    for (const name of ['ann', 'bob', 'eve']) this.keyOf(name);
    this.allow('ann', 'bob');
  }

  /** With nobody's settings but ours. */
  git(...args: string[]): string {
    return this.gitAs('nobody', {}, ...args);
  }

  /** @param more of the environment */
  gitAs(who: string, more: Record<string, string>, ...args: string[]): string {
    const env = {
      ...{ PATH: process.env['PATH']!, HOME: this.folder },
      ...{ GIT_AUTHOR_NAME: who, GIT_AUTHOR_EMAIL: `${who}@example.org` },
      ...{ GIT_COMMITTER_NAME: who, GIT_COMMITTER_EMAIL: `${who}@example.org` },
      ...more,
    };
    const signing = ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${this.key(who)}`];
    return execFileSync('git', [...signing, ...args], {
      ...{ cwd: this.repository, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    }).trim();
  }

  key(name: string): string {
    return join(this.folder, 'keys', name);
  }

  private keyOf(name: string): void {
    mkdirSync(dirname(this.key(name)), { recursive: true });
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', this.key(name)]);
  }

  line(name: string, options = ''): string {
    const [type, key] = readFileSync(`${this.key(name)}.pub`, 'utf8').split(' ');
    return `${name}@example.org ${options}${options && ' '}${type} ${key}\n`;
  }

  allow(...names: string[]): void {
    this.allowLines(...names.map((name) => this.line(name)));
  }

  allowLines(...lines: string[]): void {
    writeFileSync(this.signersFile, `# who may\n${lines.join('')}`);
  }

  write(files: Files): void {
    for (const [path, content] of Object.entries(files)) {
      const place = join(this.repository, path);
      if (content === null) rmSync(place);
      else {
        mkdirSync(dirname(place), { recursive: true });
        writeFileSync(place, content);
      }
    }
  }

  /** @param who signs it; a name with `!` does not */
  commit(who: string, files: Files, more: Record<string, string> = {}): string {
    const signs = !who.endsWith('!');
    const name = who.replace('!', '');
    this.write(files);
    this.git('add', '--all');
    const words = ['commit', '--quiet', '--allow-empty', `--message=by ${name}`];
    this.gitAs(name, more, ...words, ...(signs ? ['--gpg-sign'] : []));
    return this.head();
  }

  /** A merge that has these files, whatever a clean one would have. */
  merge(who: string, parents: string[], tree: string): string {
    const signs = who.endsWith('!') ? [] : ['--gpg-sign'];
    const name = who.replace('!', '');
    const from = parents.flatMap((parent) => ['-p', parent]);
    return this.gitAs(name, {}, 'commit-tree', ...signs, ...from, '-m', 'merge', tree);
  }

  tree(commit: string): string {
    return this.git('rev-parse', `${commit}^{tree}`);
  }

  head(): string {
    return this.git('rev-parse', 'HEAD');
  }

  remove(): void {
    for (const source of [this.repository, `file://${this.repository}`])
      for (const end of ['', '.lock']) rmSync(mirrorOf(source) + end, { recursive: true, force: true });
    rmSync(this.folder, { recursive: true });
  }
}
