/**
 * Whatever is killed, cut off or frozen: the run ends the same, each effect happens once, no request is
 * lost. `npm test` plays a selection; `npm run test:chaos` plays all, and goes on where it was cut.
 */
import { join } from 'node:path';
import { exec } from '../../lab/hosts';
import { stateDir } from '../../lab/paths';
import { Ground } from '../lab/ground';
import { FAST, GRID, nameOf } from './cases';
import { Crew } from './crew';
import type { Scene } from './faults';
import { MOST_SECONDS, play, type Outcome } from './play';
import { known, keep, summarise, SUMMARY } from './results';
import { REFUSAL } from './stories';

const NAME = 'test-chaos';
const full = process.env.PAWL_CHAOS === 'full';
const before = full ? known() : new Map<string, Outcome>();
const outcomes: Outcome[] = [];

let scene: Scene | undefined;
let versions = 0;
let now = '';

jest.setTimeout(240_000);
afterAll(async () => {
  await leave();
  if (outcomes.length > 0) process.stderr.write(`\n${summarise(outcomes)}\nalso in ${SUMMARY}\n`);
}, 60_000);

it.each((full ? GRID : FAST).map((chaos) => [nameOf(chaos), chaos] as const))('%s', async (name, chaos) => {
  const recorded = before.get(name);
  const outcome = recorded?.ok ? recorded : await playOnGround(chaos);
  outcomes.push(outcome);
  expect(outcome).toMatchObject({ faults: [], requests: { failed: 0 } });
  expect(outcome.goesOn).toBeLessThanOrEqual(MOST_SECONDS);
});

async function playOnGround(chaos: (typeof GRID)[number]): Promise<Outcome> {
  scene ??= await arrive();
  versions += 1;
  const next = `1.0.${versions}-chaos`;
  try {
    const outcome = await play(scene, chaos, now, next);
    keep(outcome);
    if (outcome.ok && chaos.story === 'upgrade') now = next;
    // nobody knows what the next case would find
    if (!outcome.ok) await leave();
    return outcome;
  } catch (error) {
    await leave();
    throw error;
  }
}

async function arrive(): Promise<Scene> {
  const folder = join(stateDir, 'chaos', NAME);
  const ground = await Ground.up(NAME, 2, { worker: false });
  const crew = new Crew(ground, folder);
  await crew.down();
  await exec(NAME, 'n2', ['touch', REFUSAL]);
  now = '1.0.0';
  return { ground, crew, folder };
}

async function leave(): Promise<void> {
  const gone = scene;
  scene = undefined;
  await gone?.crew.down();
  await gone?.ground.remove();
}
