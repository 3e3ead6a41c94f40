/** The real worker with a trap in it; `PAWL_TRAP` names the trap's folder. */
import { runWorker } from '../../src/worker';
import { trapInterceptor } from './trap';

const folder = process.env.PAWL_TRAP;
if (!folder) throw new Error('PAWL_TRAP must name a folder');
void runWorker({ interceptors: [trapInterceptor(folder)] });
