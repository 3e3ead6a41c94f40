/** Copies of repositories at URLs. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openCentre } from '../../../src/adapters/config-centre';
import { fetchMirror, mirrorOf } from '../../../src/adapters/config-centre/mirror';
import type { Cluster } from '../../../src/contracts/cluster';
import type { PawlError } from '../../../src/contracts/failures';
import { SignedCentre } from './people';

let centre: SignedCentre;
let url: string;
let first: string;
beforeEach(() => {
  centre = new SignedCentre();
  first = centre.commit('ann', { 'web/config.yaml': 'a' });
  url = `file://${centre.repository}`;
});
afterEach(() => centre.remove());
jest.setTimeout(30_000);

const loaded = (repository = url, rights?: object) => ({
  cluster: { config: { repository, ...(rights && { rights }) } } as unknown as Cluster,
  folder: centre.folder,
});
const open = (commit?: string) => openCentre(loaded(), { commit });
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    ({ type, message }: PawlError) => `${type}: ${message}`,
  );

const forget = (source: string) => {
  for (const end of ['', '.lock']) rmSync(mirrorOf(source) + end, { recursive: true, force: true });
};

it('what is new there is here with the next plan, and what is gone there is gone', async () => {
  centre.git('tag', 'web/1');
  centre.git('branch', 'old');
  expect(await (await open()).commitOf('main')).toBe(first);
  expect(await (await open()).commitOf('old')).toBe(first);
  centre.git('tag', '--delete', 'web/1');
  centre.git('branch', '--quiet', '-D', 'old');
  centre.git('branch', 'old/folder');
  const second = centre.commit('ann', { 'web/config.yaml': 'b' });
  const now = await open();
  expect(await now.commitOf('main')).toBe(second);
  expect(await now.commitOf('old/folder')).toBe(first);
  expect(await now.releases('web')).toEqual([]);
  expect(await refusal(now.commitOf('old'))).toContain('no such revision');
});

it('a history that was written anew replaces the one before, whose commits stay for those who want them', async () => {
  const second = centre.commit('ann', { 'web/config.yaml': 'b' });
  await open();
  centre.git('reset', '--quiet', '--hard', first);
  const third = centre.commit('ann', { 'web/config.yaml': 'c' });
  expect(await (await open()).commitOf('main')).toBe(third);
  expect(await (await open(second)).has(second)).toBe(second);
});

it('who has the commit asks nobody, and who does not says that nobody answers', async () => {
  await open();
  renameSync(centre.repository, `${centre.repository}.away`);
  expect(await (await open(first)).has(first)).toBe(first);
  const unreached = new RegExp(
    `^RepositoryUnavailable: the repository file://.*/centre cannot be reached: .*; try again$`,
  );
  expect(await refusal(open())).toMatch(unreached);
  expect(await refusal(open('0'.repeat(40)))).toMatch(unreached);
  renameSync(`${centre.repository}.away`, centre.repository);
});

it('several at once do not disturb each other, nor does what dead ones have left', async () => {
  await Promise.all([open(), open(), open(), open()]);
  const mirror = mirrorOf(url);
  for (const left of ['packed-refs.lock', 'refs/heads/main.lock', 'config.lock'])
    writeFileSync(join(mirror, left), '');
  const second = centre.commit('ann', { 'web/config.yaml': 'b' });
  expect(await (await open()).commitOf('main')).toBe(second);
  rmSync(mirror, { recursive: true });
  mkdirSync(`${mirror}.new/objects`, { recursive: true });
  expect(await (await open()).commitOf('main')).toBe(second);
});

it('what others say of commits is not taken over', async () => {
  const second = centre.commit('eve!', { 'web/config.yaml': 'evil' });
  centre.git('replace', '-f', second, first);
  const { folder } = await open();
  const refs = execFileSync('git', ['for-each-ref', '--format=%(refname)'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(refs.trim()).toBe('refs/heads/main');
  expect(existsSync(join(folder, 'hooks'))).toBe(false);
});

it('a clone without its history is refused where there are rights', async () => {
  centre.commit('ann', { 'web/config.yaml': 'b' });
  const shallow = join(centre.folder, 'shallow');
  execFileSync('git', ['clone', '--quiet', '--depth=1', url, shallow]);
  const rights = { rules: [{ paths: ['**'], requesters: ['ann'] }] };
  const said = await refusal(openCentre(loaded(shallow, rights)));
  expect(said).toContain('cannot be reached: its history is cut: it is a shallow clone');
  forget(shallow);
});

describe('a server that says nothing', () => {
  const silent = createServer(() => undefined);
  let source: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    source = `ssh://127.0.0.1:${(silent.address() as AddressInfo).port}/x`;
  });
  afterAll(() => {
    silent.close();
    forget(source);
  });

  it('is not waited for without end, and leaves no program behind', async () => {
    expect(await refusal(fetchMirror(source, { limit: 1_500 }))).toContain(
      'no answer within 1.5 s; try again',
    );
    const left = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(
      left.split('\n').filter((line) => line.includes('127.0.0.1') && line.includes('upload-pack')),
    ).toEqual([]);
  });

  it('is left when nobody wants it any more', async () => {
    const signal = AbortSignal.timeout(300);
    expect(await refusal(fetchMirror(source, { signal }))).toMatch(/^RepositoryUnavailable/);
  });
});

it('no question is asked of anybody, and no other program is run', async () => {
  for (const source of [
    `ext::sh -c touch% ${centre.folder}/ran`,
    '--upload-pack=touch ran',
    'http://127.0.0.1:1/x',
    'https://127.0.0.1:1/x',
  ])
    expect(await refusal(fetchMirror(source).finally(() => forget(source)))).toMatch(
      /^RepositoryUnavailable/,
    );
  expect(existsSync(join(centre.folder, 'ran'))).toBe(false);
});
