export { down, up } from './lab';
export { status, type LabStatus } from './state';
export { exec } from './inside';
export { bootId, cutSsh, fillDisk, freeDisk, freeze, heal, partition } from './faults';
export { powerCut, powerOff, reboot, start, thaw } from './faults';
export type { Lab } from './topology';
export { startMetrics } from './metrics';
