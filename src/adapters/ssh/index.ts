export { openHosts, type SshLog } from './hosts';
export { jobKey } from './job-key';
export { cleanJobs, sshJobs } from './jobs';
export { upload, type UploadSpec } from './upload';
