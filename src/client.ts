import { pawl } from './cli/program';
import { processTerminal } from './cli/terminal';

// a reader that has seen enough (`pawl list | head`) is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// what was asked for is written by now; a call that was given up may still wait for its next try
void pawl(process.argv.slice(2), processTerminal()).then((code) => process.exit(code));
