/** The store of backups, and what it knows of them. */
import type { z } from 'zod';
import type { Backups, BackupSource, Catalogue, Proof } from '../../contracts/backups';
import { BackupEntry, Proof as ProofShape } from '../../contracts/backups';
import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import type { Ran, RemoteHost } from '../../contracts/world';
import { secretIn } from '../../adapters/secrets';
import { badInput, unknownName } from '../../domain/mistakes';
import type { World } from '../world';

/** Bytes of a catalogue: some thousand tables of some hundred backups. */
const MOST = 64 * 1024 * 1024;
/** Milliseconds: a first backup makes an account and a repository. */
const OPEN_MS = 120_000;

export interface Source {
  name: string;
  settings: BackupSource;
  store: Backups['store'];
  /** names of those it is taken on */
  hosts: string[];
}

/** @throws BadInput where the cluster file says nothing of backups */
export function sourceNames({ cluster: { backups } }: World): string[] {
  if (!backups) throw badInput([noBackups()]);
  return Object.keys(backups.sources);
}

/** @throws BadInput where the cluster file has no such source */
export function sourceNamed({ cluster }: World, name: string): Source {
  const { backups, hosts } = cluster;
  if (!backups) throw badInput([noBackups()]);
  const settings = Object.hasOwn(backups.sources, name) ? backups.sources[name] : undefined;
  if (!settings) throw badInput([unknownName('source', name, Object.keys(backups.sources))]);
  const { role, host } = settings;
  const all = Object.keys(hosts).filter((one) => role !== undefined && hosts[one]!.roles.includes(role));
  return { name, settings, store: backups.store, hosts: host === undefined ? all : [host] };
}

export function noBackups(): Mistake {
  const rule = 'the cluster file says nothing of backups: it needs backups.store and backups.sources';
  return { code: 'missing', path: 'cluster', value: 'nothing', rule };
}

/** @param folder of the store; `free`: bytes, null where it is not there yet */
export async function readCatalogue(
  world: World,
  { name, store }: Pick<Source, 'name' | 'store'>,
  signal: AbortSignal,
): Promise<Catalogue & { free: number | null }> {
  const remote = world.hosts.on(store.host);
  const ran = await remote.run('read-catalogue', [store.folder, name], { signal, maxOutputBytes: MOST });
  mustBeWell(remote, ran, 'its catalogue cannot be read');
  if (ran.truncated) throw new PawlError('CommandFailed', `${store.host}: its catalogue is too large`);
  const lines = ran.stdout.split('\n').flatMap((line): [string, string][] => {
    const blank = line.indexOf(' ');
    return blank > 0 ? [[line.slice(0, blank), line.slice(blank + 1)]] : [];
  });
  const of = (place: string) => lines.flatMap(([key, text]) => (key === place ? [text] : []));
  const entries = of('catalogue').map((text) => read(store.host, BackupEntry, text));
  const proofs = of('proofs').map((text): [string, Proof] => {
    const proof = read(store.host, ProofShape, text);
    return [proof.id, proof];
  });
  const [free] = of('free');
  return {
    source: name,
    entries: entries.sort((one, other) => one.at.localeCompare(other.at)),
    proofs: Object.fromEntries(proofs),
    free: free === undefined ? null : Number(free),
  };
}

/** @throws CommandFailed where somebody has spoilt it */
function read<T>(host: string, shape: z.ZodType<T>, text: string): T {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    const what = `something in its catalogue is no entry of Pawl's: ${text.slice(0, 120)}`;
    throw new PawlError('CommandFailed', `${host}: ${what}`);
  }
}

/** What a program may be told of a secret: where it lies on its host. */
export async function keepSecret(
  remote: RemoteHost,
  id: string,
  secret: { name: 'store' | 'login'; text: string; owner?: string },
  signal: AbortSignal,
): Promise<void> {
  const { name, text, owner = 'root' } = secret;
  const ran = await remote.run('keep-secret', [id, name, owner], { signal, stdin: text });
  mustBeWell(remote, ran, 'a secret cannot be kept');
}

/** For programs on the store, which read the repository as its account. */
export function keepForAccount(world: World, source: Source, id: string, signal: AbortSignal): Promise<void> {
  const { host, account: owner } = source.store;
  const secret = { name: 'store', text: storePassword(world, source), owner } as const;
  return keepSecret(world.hosts.on(host), id, secret, signal);
}

export const storePassword = ({ folder }: World, { store }: Source) => secretIn(store.password, folder);

/** What the programs of MariaDB read with `--defaults-extra-file`; undefined: root comes in by the socket. */
export function loginText({ folder }: World, { settings }: Source): string | undefined {
  if (settings.kind !== 'mariadb' || !settings.login) return undefined;
  const { user, password } = settings.login;
  const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&')}"`;
  return `[client]\nuser=${quoted(user)}\npassword=${quoted(secretIn(password, folder))}\n`;
}

/**
 * Lets a host add to its source's repository: it gets a key of its own, the store an account that can do nothing else.
 * Safe to repeat.
 *
 * @param id under which the store keeps the password meanwhile
 */
export async function openStore(
  world: World,
  source: Source,
  { host, id }: { host: string; id: string },
  signal: AbortSignal,
): Promise<void> {
  const { name, store } = source;
  const remote = world.hosts.on(host);
  const keeper = world.hosts.on(store.host);
  const key = await remote.run('open-source', [name], { signal });
  mustBeWell(remote, key, 'it cannot be backed up');
  await keepSecret(keeper, id, { name: 'store', text: storePassword(world, source) }, signal);
  const args = [store.folder, store.account, name, id, host, ...key.stdout.trim().split(' ')];
  const opened = await keeper.run('open-store', args, { signal, timeoutMs: OPEN_MS });
  mustBeWell(keeper, opened, 'it cannot keep backups');
  const { address = store.host, port = 22 } = world.cluster.hosts[store.host] ?? {};
  const way = [name, store.address ?? address, String(port), store.account];
  const reached = await remote.run('reach-store', way, { signal, stdin: opened.stdout });
  mustBeWell(remote, reached, 'it cannot reach the store');
}

export async function publish(
  world: World,
  { name, store }: Source,
  place: 'catalogue' | 'proofs',
  one: BackupEntry | Proof,
  signal: AbortSignal,
): Promise<void> {
  const remote = world.hosts.on(store.host);
  const stdin = `${JSON.stringify(one)}\n`;
  const ran = await remote.run('publish-backup', [store.folder, name, place, one.id], { signal, stdin });
  mustBeWell(remote, ran, `${one.id} cannot be put into the catalogue`);
}

/** @throws CommandFailed, or DiskFull where that is why */
export function mustBeWell(remote: RemoteHost, { code, stdout, stderr }: Ran, what: string): void {
  if (code === 0) return;
  const said = (stderr || stdout).trim().slice(-300) || `ended with ${code}`;
  const type = /No space left/.test(said) ? 'DiskFull' : 'CommandFailed';
  throw new PawlError(type, `${remote.name}: ${what}: ${said}`);
}
