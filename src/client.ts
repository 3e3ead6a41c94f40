import { pawl } from './cli/program';
import { processTerminal } from './cli/terminal';

// a reader that has seen enough (`pawl list | head`) is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void pawl(process.argv.slice(2), processTerminal()).then((code) => {
  process.exitCode = code;
});
