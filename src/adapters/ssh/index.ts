export { openHosts } from './hosts';
export { jobKey } from './job-key';
export { cleanJobs, sshJobs } from './jobs';
export { upload } from './upload';
