// every function exported here is a workflow type
export { rollingUpgrade } from './rolling-upgrade';
