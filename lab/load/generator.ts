/** Child process of `startLoad`: sends requests at a fixed rate, whatever the answers are. */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadOptions } from '../load';
import { send } from './request';
import { now, Tally } from './tally';

const TICK_MS = 1;

const options = JSON.parse(process.argv[2] ?? '{}') as Required<LoadOptions>;
const tally = new Tally(options.url);
const url = new URL(options.url);
const slowUrl = new URL(options.slow.path ?? '/slow', url);

// Idle connections are closed by us after 20 s, well before the balancer would (60 s): a connection
// that the other side closes just as we use it again would look like a lost request.
// As many as there are requests: one that waited for a connection here would be this program's delay.
const agent = new Agent({ keepAlive: true, timeout: Math.max(20_000, options.timeoutMs + 1000) });

const begun = now();
const end = begun + options.maxSeconds * 1000;
let due = 0;
let slowDue = 0;
let stopped = false;

const clock = setInterval(() => {
  if (stopped || now() > end) return clearInterval(clock);
  const every = 1000 / options.rate;
  for (; begun + due * every <= now(); due++) issue(isSlow(due), begun + due * every);
  const { everyMs } = options.slow;
  if (everyMs) for (; begun + slowDue * everyMs <= now(); slowDue++) issue(true, begun + slowDue * everyMs);
}, TICK_MS);

process.send?.('started');

/** Spreads the share evenly: the first of each 1/share requests is a slow one. */
function isSlow(n: number): boolean {
  const share = options.slow.share ?? 0;
  return Math.floor(n * share) !== Math.floor((n - 1) * share);
}

function issue(slow: boolean, dueAt: number): void {
  if (tally.open >= options.maxOpen) return tally.hold(1);
  tally.sent(slow);
  void send({ url: slow ? slowUrl : url, agent, slow, due: dueAt, timeoutMs: options.timeoutMs }).then(
    (outcome) => tally.ended(outcome),
  );
}

process.on('message', (message) => {
  if (message === 'snapshot') process.send?.(tally.result());
  if (message === 'stop') void stop();
});
process.on('disconnect', () => process.exit(0)); // whoever started us is gone

/** Sends no more, waits for the answers that are under way, reports and ends. */
async function stop(): Promise<void> {
  stopped = true;
  while (tally.open > 0) await sleep(10);
  process.send?.(tally.result(), () => process.disconnect());
}
