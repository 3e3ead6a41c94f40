export { openHosts } from './hosts';
export { jobKey } from './job-key';
export { sshJobs } from './jobs';
export { upload } from './upload';
