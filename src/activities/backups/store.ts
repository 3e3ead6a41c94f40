/** The store of backups, and what it knows of them. */
import type { z } from 'zod';
import type { Catalogue, Proof } from '../../contracts/backups';
import { BackupEntry, Proof as ProofShape } from '../../contracts/backups';
import { PawlError } from '../../contracts/failures';
import type { World } from '../world';
import { keepSecret, storePassword } from './secrets';
import type { Source } from './source';
import { mustBeWell } from './well';

/** Bytes of a catalogue: some thousand tables of some hundred backups. */
const MOST = 64 * 1024 * 1024;
/** Milliseconds: a first backup makes an account and a repository. */
const OPEN_MS = 120_000;

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
