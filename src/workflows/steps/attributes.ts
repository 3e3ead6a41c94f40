/** Search attributes, by which runs are listed. */
import { patched, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes';
import type { Status } from '../../contracts/status';

export function publish({ cluster, service, phase, hosts, progress }: Status): void {
  upsertSearchAttributes({
    PawlPhase: [phase],
    PawlProgress: [progress],
    ...(cluster && { PawlCluster: [cluster] }),
    ...(service && { PawlService: [service] }),
    ...(hosts.length && { PawlHosts: hosts.slice(0, 100).map(({ name }) => name) }),
  });
}

/** Temporal's form to start a run takes over the search attributes of the run before, too. */
export function dropForeign(status: Status): void {
  const foreign = Object.keys(SEARCH_ATTRIBUTES).filter((name) => name in workflowInfo().searchAttributes);
  if (foreign.length && patched('drop-foreign-attributes')) {
    upsertSearchAttributes(Object.fromEntries(foreign.map((name) => [name, []])));
    publish(status);
  }
}
