// every function exported here is a workflow type
export { backup } from './backup';
export { backups } from './backups';
export { configCanary } from './config-canary';
export { configSync } from './config-sync';
export { configDrift } from './config-drift';
export { doctor } from './doctor';
export { emergencyRollback } from './emergency-rollback';
export { healthWatch } from './health-watch';
export { lease } from './lease';
export { nodeOffline } from './node-offline';
export { nodeOnline } from './node-online';
export { nodeReplacement } from './node-replacement';
export { maintenanceMode } from './maintenance-mode';
export { notifyTest } from './notify-test';
export { repair } from './repair';
export { restoreDrill } from './restore-drill';
export { rollingUpgrade } from './rolling-upgrade';
