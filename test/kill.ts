/** SIGKILL to a process that may have ended since it was seen; one SSH session is two of them, and ends in parts. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
