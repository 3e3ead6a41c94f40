export { down, up, type UpOptions } from './lab';
export { status, type HostStatus, type LabStatus } from './state';
export { exec } from './inside';
export type { Lab, LabHost, Role } from './topology';
