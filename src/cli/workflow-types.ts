import { PawlError } from '../contracts/failures';

/** What ids of runs are made of. */
export interface Naming {
  /** first word of the ids */
  prefix: string;
  /** fields of the input that name a run */
  named: readonly string[];
}

export interface WorkflowType extends Naming {
  /** in the help, and as the summary of each run in Temporal's UI */
  about: string;
  /** an input that works */
  example: string;
}

export const WORKFLOW_TYPES: Record<string, WorkflowType> = {
  rollingUpgrade: {
    about: 'upgrade a service host by host without losing a request',
    prefix: 'upgrade',
    named: ['service', 'version'],
    example: 'examples/lab/rollingUpgrade.json',
  },
  configCanary: {
    about: 'bring configuration files to one host, some, all, with hours of observation between',
    prefix: 'config',
    named: ['service', 'revision'],
    example: 'examples/lab/configCanary.json',
  },
  configSync: {
    about: 'bring new releases of configuration to hosts by themselves, where the cluster file allows it',
    prefix: 'sync',
    named: ['services'],
    example: 'examples/lab/configSync.json',
  },
  configDrift: {
    about: 'look whether hosts have the configuration that they shall have; changes nothing',
    prefix: 'drift',
    named: ['service'],
    example: 'examples/lab/configDrift.json',
  },
  nodeOffline: {
    about: 'take hosts out of service: drain, stop, prove that nothing is left',
    prefix: 'offline',
    named: ['service', 'hosts'],
    example: 'examples/lab/nodeOffline.json',
  },
  nodeOnline: {
    about: 'bring hosts into service, weight after weight beside their peers',
    prefix: 'online',
    named: ['service', 'hosts'],
    example: 'examples/lab/nodeOnline.json',
  },
  healthWatch: {
    about: 'watch the hosts of a service; unhealthy ones leave rotation and come back when they are well',
    prefix: 'health',
    named: ['service'],
    example: 'examples/lab/healthWatch.json',
  },
  nodeReplacement: {
    about: 'put a new host in the place of an old one, or take a bad one out at once',
    prefix: 'replace',
    named: ['service', 'host', 'old', 'new'],
    example: 'examples/lab/nodeReplacement.json',
  },
  maintenanceMode: {
    about: 'close a service with a page for a stated time',
    prefix: 'maintenance',
    named: ['service'],
    example: 'examples/lab/maintenanceMode.json',
  },
  backup: {
    about: 'back up a source: taken on its hosts, read back on the store, and only then a backup',
    prefix: 'backup',
    named: ['source'],
    example: 'examples/lab/backup.json',
  },
  backups: {
    about: 'look which backups there are, and tell which are missing; changes nothing',
    prefix: 'backups',
    named: ['source'],
    example: 'examples/lab/backups.json',
  },
  restore: {
    about:
      'bring a backup back to a host, into a folder of its own, and compare it with what it says of itself',
    prefix: 'restore',
    named: ['source'],
    example: 'examples/lab/restore.json',
  },
  restoreDrill: {
    about: 'restore a backup where nobody sees it, and compare it with what it says of itself',
    prefix: 'drill',
    named: ['source'],
    example: 'examples/lab/restoreDrill.json',
  },
  disasterRecovery: {
    about: 'measure what is damaged, and bring it back in the order of its priority, once that is approved',
    prefix: 'recovery',
    named: ['hosts'],
    example: 'examples/lab/disasterRecovery.json',
  },
  emergencyRollback: {
    about: 'bring a service back to the last release that has proven itself, ahead of all other changes',
    prefix: 'rollback',
    named: ['service', 'version'],
    example: 'examples/lab/emergencyRollback.json',
  },
};

export const typeNames = Object.keys(WORKFLOW_TYPES);

export function workflowType(name: string): WorkflowType {
  const type = Object.hasOwn(WORKFLOW_TYPES, name) ? WORKFLOW_TYPES[name] : undefined;
  if (type) return type;
  throw new PawlError('BadInput', `there is no workflow type ${name}; there are ${typeNames.join(', ')}`);
}
