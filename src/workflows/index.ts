// every function exported here is a workflow type
export { doctor } from './doctor';
export { lease } from './lease';
export { notifyTest } from './notify-test';
export { repair } from './repair';
export { rollingUpgrade } from './rolling-upgrade';
