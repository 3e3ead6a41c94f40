/** What Docker's engine changes in this machine's network beside its own bridges, and how it is put back. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { run } from '../hosts/command';

const FORWARDING = '/proc/sys/net/ipv4/ip_forward';
const TABLES = ['filter', 'nat'];

interface Before {
  forwarding: string;
  /** an engine ran here since the machine started: its chains may hold somebody's rules */
  chains: boolean;
}

/**
 * Turns forwarding on. An engine that has to do this by itself forbids it to everybody else, and the hosts of
 * every lab on this machine would lose each other.
 *
 * @param record file that keeps how it was
 */
export async function prepareNetwork(record: string): Promise<void> {
  const forwarding = (await readFile(FORWARDING, 'utf8')).trim();
  const rules = await Promise.all(TABLES.map(engineRules));
  await writeFile(record, JSON.stringify({ forwarding, chains: rules.flat().length > 0 } satisfies Before));
  await writeFile(FORWARDING, '1');
}

/** After the engine has ended: it leaves its chains, and forwarding as it is. */
export async function restoreNetwork(record: string): Promise<void> {
  const text = await readFile(record, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const before = JSON.parse(text) as Before;
  if (!before.chains) for (const table of TABLES) await removeRules(table);
  await writeFile(FORWARDING, before.forwarding);
  await rm(record);
}

async function removeRules(table: string): Promise<void> {
  const rules = await engineRules(table);
  for (const rule of rules.filter((rule) => rule.startsWith('-A ')))
    await iptables(table, ...rule.replace('-A', '-D').split(' '));
  const chains = rules.flatMap((rule) => /^-N (\S+)$/.exec(rule)?.[1] ?? []);
  for (const chain of chains) await iptables(table, '-X', chain);
}

const engineRules = async (table: string) =>
  (await iptables(table, '-S')).split('\n').filter((rule) => /\bDOCKER\b/.test(rule));

const iptables = (table: string, ...args: string[]) => run('iptables', ['-w', '-t', table, ...args]);
