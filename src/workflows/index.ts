// every function exported here is a workflow type
export { doctor } from './doctor';
export { rollingUpgrade } from './rolling-upgrade';
