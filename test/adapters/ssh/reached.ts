/** A host that is reached through a real sshd. */
import { openHosts } from '../../../src/adapters/ssh';
import type { RemoteHost, RemoteHosts } from '../../../src/contracts/world';
import { clusterOf, startSshd, type TestSshd } from './sshd';

export interface ReachedHost {
  sshd: TestSshd;
  hosts: RemoteHosts;
  host: RemoteHost;
  stop(): Promise<void>;
}

export async function reachHost(): Promise<ReachedHost> {
  const sshd = await startSshd();
  const hosts = openHosts(clusterOf(sshd), { folder: '/' });
  return {
    sshd,
    hosts,
    host: hosts.on('h1'),
    async stop() {
      await hosts.close();
      await sshd.stop();
    },
  };
}
