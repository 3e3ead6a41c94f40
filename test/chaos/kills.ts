/**
 * Whatever is killed, cut off or frozen: the run ends the same, each effect happens once, no request is
 * lost. `npm test` plays a selection; `npm run test:chaos` plays all, and goes on where it was cut. Most of a case is
 * waiting, so two lanes play at once, each on hosts of its own.
 */
import { join } from 'node:path';
import { stateDir } from '../../lab/paths';
import { full } from '../full';
import { ended, reached, type Ground } from '../lab/ground';
import { underLoad } from '../lab/whole-run';
import { FAST, GRID, nameOf, type ChaosCase } from './cases';
import { Crew } from './crew';
import type { Scene } from './faults';
import { groundUp } from './grounds';
import { judge } from './judge';
import { play, RATE, type Outcome } from './play';
import { firstRunOf, resetTo, runOf } from './resets';
import { keep, known, table, writeSummary } from './results';
import { REFUSAL, releaseOf, TOLD, wanted } from './stories';
import { mark, sweep, sweepReleases } from './traces';

const before = full ? known() : new Map<string, Outcome>();
const outcomes: Outcome[] = [];

const RESETS = ['switchRelease', 'planRollingUpgrade', ...(full ? ['takeOut'] : [])];

/** of this lane */
let lab = '';
/** Two hosts that all run one version, and a worker; made when it is needed, and again after a failure. */
let scene: Scene | undefined;
let now = '';
let versions = 0;
/** Releases of one version lie at one place, whatever is in them: each lane has versions of its own. */
const newVersion = () => `1.0.${(versions += 1)}-${lab}`;

/** Defines the tests of one lane. */
export function playLane(lane: 1 | 2): void {
  const mine = (_: unknown, index: number) => index % 2 === lane - 1;
  const cases = (full ? GRID : FAST).filter(mine).map((chaos) => [nameOf(chaos), chaos] as const);
  lab = `test-chaos-${lane}`;
  jest.setTimeout(240_000);
  afterAll(async () => {
    await leave();
    process.stderr.write(`\n${table(outcomes)}\n`);
    if (full) writeSummary();
  }, 60_000);

  it.each(cases)('%s', async (name, chaos) => {
    const recorded = before.get(name);
    const outcome = recorded?.ok ? recorded : await onScene((at) => playNext(at, chaos));
    outcomes.push(outcome);
    expect(outcome).toMatchObject({ ok: true, faults: [], requests: { failed: 0 } });
  });

  it.each(RESETS.filter(mine))('a run that is reset to its first %s starts nothing twice', (activity) =>
    onScene((at) => playReset(at, activity)),
  );
}

async function playNext(at: Scene, chaos: ChaosCase): Promise<Outcome> {
  const next = newVersion();
  const outcome = await play(at, chaos, now, next);
  keep(outcome);
  if (['upgrade', 'pair', 'nginx'].includes(chaos.story)) now = next;
  // nobody knows what the next case would find
  if (!outcome.ok || TOLD[chaos.story]?.last) await leave();
  return outcome;
}

/** All after the first host was switched and is back; what the reset run then does again must find that done. */
async function playReset({ ground, crew }: Scene, activity: string): Promise<void> {
  await sweepReleases(ground);
  await sweep(ground);
  await crew.up();
  const marks = await mark(ground);
  const next = newVersion();
  const input = { version: next, artifact: await releaseOf('upgrade', next), minHealthySeconds: 3 };
  const run = () => resetRun(ground, input, activity);
  const { result, ...seen } = await underLoad(ground, run, { rate: RATE });
  const { before, after, first, end } = result;
  expect(after).not.toBe(before);
  // the job keys hold it
  expect(first).toBe(before);
  const want = wanted({ story: 'upgrade', activity: 'planRollingUpgrade' }, now, next);
  want.hosts.n1.unplanned = activity === 'planRollingUpgrade';
  expect(await judge(ground, want, marks, { end, ...seen })).toEqual([]);
  now = next;
}

async function resetRun(ground: Ground, input: object, activity: string) {
  const handle = await ground.start(input);
  await reached(handle, ({ waitingFor }) => waitingFor !== null);
  const before = await runOf(handle);
  const again = await resetTo(ground, handle, activity);
  const end = await ended(again);
  return { before, after: await runOf(again), first: await firstRunOf(again), end };
}

async function onScene<T>(work: (at: Scene) => Promise<T>): Promise<T> {
  scene ??= await arrive();
  try {
    return await work(scene);
  } catch (error) {
    await leave();
    throw error;
  }
}

async function arrive(): Promise<Scene> {
  const folder = join(stateDir, 'chaos', lab);
  const ground = await groundUp(lab);
  const crew = new Crew(ground, folder);
  await crew.down();
  await ground.inside('n2', 'touch', REFUSAL);
  now = '1.0.0';
  return { ground, crew, folder };
}

async function leave(): Promise<void> {
  const gone = scene;
  scene = undefined;
  await gone?.crew.down();
  await gone?.ground.remove();
}
