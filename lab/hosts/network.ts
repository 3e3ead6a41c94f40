import { LabError } from '../error';
import { attempt, run } from './command';
import { bridgeName, gateway, labId, network } from './topology';

/**
 * Bridges are named for their subnet, so that adding one claims it on this machine; the hardware
 * address, set in the same step, says whose it is.
 */
const mark = (lab: string) => ['02', '70', ...(labId(lab).match(/../g) ?? [])].join(':');

/** Brings the lab's bridge up, on the subnet `wanted` if that can be had, and returns the subnet's number. */
export async function ensureBridge(lab: string, wanted?: number): Promise<number> {
  const own = await ownBridges(lab);
  const net = own.find((one) => one === wanted) ?? own[0] ?? (await claimBridge(lab, wanted));
  const bridge = bridgeName(net);
  await run('ip', ['address', 'replace', `${gateway(net)}/24`, 'dev', bridge]);
  await run('ip', ['link', 'set', bridge, 'up']);
  await allowForwarding(lab, bridge);
  return net;
}

/** Numbers of the subnets whose bridges belong to the lab. */
export async function ownBridges(lab: string): Promise<number[]> {
  const links = JSON.parse(await run('ip', ['-json', 'link', 'show', 'type', 'bridge'])) as Partial<Link>[];
  return links
    .filter((link) => link.address === mark(lab))
    .map((link) => Number(/^pawl(\d+)$/.exec(link.ifname ?? '')?.[1]))
    .filter((net) => !Number.isNaN(net));
}

interface Link {
  ifname: string;
  address: string;
}

/** Removes the lab's bridges, network cards of hosts on them, and firewall rules. */
export async function removeNetwork(lab: string): Promise<void> {
  for (const net of await ownBridges(lab)) {
    const bridge = bridgeName(net);
    const ports = JSON.parse(await run('ip', ['-json', 'link', 'show', 'master', bridge])) as Partial<Link>[];
    for (const { ifname } of ports) if (ifname) await attempt('ip', ['link', 'delete', ifname]);
    await run('ip', ['link', 'delete', bridge]);
  }
  await removeForwardingRule(lab);
}

async function claimBridge(lab: string, wanted?: number): Promise<number> {
  const all = Array.from({ length: 255 }, (_, i) => i);
  const addresses = await usedAddresses();
  for (const net of wanted === undefined ? all : [wanted, ...all]) {
    if (isTaken(net, addresses)) continue;
    const add = ['link', 'add', 'name', bridgeName(net), 'address', mark(lab), 'type', 'bridge'];
    const { code, stderr } = await attempt('ip', add);
    if (code === 0) return net;
    if (!/File exists/.test(stderr)) throw new LabError(`a network bridge cannot be made: ${stderr.trim()}`);
  }
  throw new LabError(
    `no subnet ${network}.0-254.0/24 is free here. Set PAWL_LAB_NETWORK to two other numbers, e.g. 10.99.`,
  );
}

/** True when a network card of this machine, up or not, has an address in a net that overlaps. */
const isTaken = (net: number, addresses: Address[]) =>
  addresses.some(({ local, prefixlen }) => {
    const differ = toNumber(local) ^ toNumber(`${network}.${net}.0`);
    return differ >>> (32 - Math.min(prefixlen, 24)) === 0;
  });

interface Address {
  local: string;
  prefixlen: number;
}

async function usedAddresses(): Promise<Address[]> {
  const cards = JSON.parse(await run('ip', ['-json', '-4', 'address'])) as { addr_info?: Address[] }[];
  return cards.flatMap((card) => card.addr_info ?? []);
}

const toNumber = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

const comment = (lab: string) => `pawl-${labId(lab)}`;

/** A running dockerd lets nothing be forwarded, bridged packets included. */
async function allowForwarding(lab: string, bridge: string): Promise<void> {
  const rules = await forwardingRules();
  if (!rules.includes('-P FORWARD DROP') || rules.some((rule) => rule.includes(comment(lab)))) return;
  const match = ['-i', bridge, '-o', bridge, '-m', 'comment', '--comment', comment(lab)];
  await run('iptables', ['-w', '-I', 'FORWARD', ...match, '-j', 'ACCEPT']);
}

async function removeForwardingRule(lab: string): Promise<void> {
  const rules = (await forwardingRules()).filter((rule) => rule.includes(comment(lab)));
  for (const rule of rules)
    await run('iptables', ['-w', ...rule.replace(/^-A/, '-D').replace(/"/g, '').split(' ')]);
}

async function forwardingRules(): Promise<string[]> {
  const { stdout } = await attempt('iptables', ['-w', '-S', 'FORWARD']).catch(() => ({ stdout: '' }));
  return stdout.split('\n');
}
