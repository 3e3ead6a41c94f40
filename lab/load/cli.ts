/** `node scripts/run.mjs lab/load/cli http://10.88.0.10/ --rate 1000 --seconds 10` */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { startLoad } from '../load';

new Command('load')
  .description('Send requests at a fixed rate and print what came of them as JSON.')
  .argument('<url>')
  .option('--rate <n>', 'requests a second', Number, 1000)
  .option('--seconds <n>', 'how long', Number, 10)
  .option('--slow-every <ms>', 'one 8-second request more each so many milliseconds', Number)
  .action(async (url: string, options: { rate: number; seconds: number; slowEvery?: number }) => {
    const load = await startLoad({ url, rate: options.rate, slow: { everyMs: options.slowEvery } });
    await sleep(options.seconds * 1000);
    const result = await load.stop();
    console.log(JSON.stringify(result, null, 2));
    process.exitCode = result.failed > 0 ? 1 : 0;
  })
  .parseAsync()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
