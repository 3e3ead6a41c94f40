/** Secrets on hosts, for as long as somebody needs them. */
import { Context } from '@temporalio/activity';
import { secretIn } from '../../adapters/secrets';
import { isDatabase } from '../../contracts/backups';
import type { RemoteHost } from '../../contracts/world';
import type { World } from '../world';
import type { Source } from './source';
import { mustBeWell } from './well';

/** What a program may be told of a secret: where it lies on its host, until `clearAway`. */
export async function keepSecret(
  remote: RemoteHost,
  id: string,
  secret: { name: 'store' | 'login'; text: string; owner?: string },
  signal: AbortSignal,
): Promise<void> {
  const { name, text, owner = 'root' } = secret;
  const ran = await remote.run('keep-secret', [id, name, owner, ordered()], { signal, stdin: text });
  mustBeWell(remote, ran, 'a secret cannot be kept');
}

/** What a backup, a drill or a look has on a host: its job, its secrets, its result. Nothing of it comes back later. */
export async function clearAway(remote: RemoteHost, id: string, signal: AbortSignal): Promise<void> {
  const ran = await remote.run('clear-backup', [id, ordered()], { signal });
  mustBeWell(remote, ran, `what ${id} has left cannot be cleared away`);
}

/** When this attempt was ordered: a worker that wakes up after the end of it all is refused by its hosts. */
export const ordered = () => String(Context.current().info.currentAttemptScheduledTimestampMs);

/** For programs on the store, which read the repository as its account. */
export function keepForAccount(world: World, source: Source, id: string, signal: AbortSignal): Promise<void> {
  const { host, account: owner } = source.store;
  const secret = { name: 'store', text: storePassword(world, source), owner } as const;
  return keepSecret(world.hosts.on(host), id, secret, signal);
}

export const storePassword = ({ folder }: World, { store }: Source) => secretIn(store.password, folder);

/** What the programs of a database read with `--defaults-extra-file`; undefined: root comes in by the socket. */
export function loginText({ folder }: World, { settings }: Source): string | undefined {
  if (!isDatabase(settings) || !settings.login) return undefined;
  const { user, password } = settings.login;
  const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&')}"`;
  return `[client]\nuser=${quoted(user)}\npassword=${quoted(secretIn(password, folder))}\n`;
}

/** A look at a database as its source's login comes in; `file` is '-' where root comes in by the socket. */
export async function withLogin<T>(
  world: World,
  source: Source,
  remote: RemoteHost,
  signal: AbortSignal,
  look: (file: string) => Promise<T>,
): Promise<T> {
  const text = loginText(world, source);
  if (text === undefined) return look('-');
  return forOneLook(remote, signal, `${source.name}.${remote.name}.login`, async (id) => {
    await keepSecret(remote, id, { name: 'login', text }, signal);
    return look(`/run/pawl/backups/${id}/login`);
  });
}

/**
 * A secret of one look goes with it; one that a killed worker leaves behind goes with the next attempt.
 *
 * @param what a name that no other look of this activity has
 */
export async function forOneLook<T>(
  remote: RemoteHost,
  signal: AbortSignal,
  what: string,
  work: (id: string) => Promise<T>,
): Promise<T> {
  const { workflowExecution, activityId } = Context.current().info;
  const id = `look.${workflowExecution?.runId}.${activityId}.${what}`;
  try {
    return await work(id);
  } finally {
    // one that cannot be cleared away now goes by itself, as those of runs that nobody has ended
    await clearAway(remote, id, signal).catch(() => undefined);
  }
}
