// every function exported here is a workflow type
export { doctor } from './doctor';
export { lease } from './lease';
export { nodeOffline } from './node-offline';
export { nodeOnline } from './node-online';
export { notifyTest } from './notify-test';
export { repair } from './repair';
export { rollingUpgrade } from './rolling-upgrade';
