import pc from 'picocolors';
import { stackDown } from './stack';

stackDown().catch((error: Error) => {
  console.error(pc.red(error.message));
  process.exitCode = 1;
});
