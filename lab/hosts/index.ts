export { down, up, type UpOptions } from './lab';
export { status, type HostStatus, type LabStatus } from './state';
export { exec } from './inside';
export { bootId, cutSsh, fillDisk, freeDisk, freeze, heal, partition } from './faults';
export { powerCut, powerOff, reboot, start, thaw } from './faults';
export { askHaproxy } from './haproxy';
export type { Lab, LabHost, Role } from './topology';
