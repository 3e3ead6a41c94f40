import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';

/** The shared text itself, run by the smallest shell that hosts have, with lanes of the test's own. */
const text = readFileSync(join(__dirname, '../../../src/host/lib/fence.sh'), 'utf8');
let lanes: string;

beforeEach(async () => {
  lanes = await mkdtemp(join(tmpdir(), 'pawl-lanes-'));
});
afterEach(() => rm(lanes, { recursive: true }));

function enter(lane: string, epoch: number | string, attempt: number | string, then = 'echo in') {
  const program = `${text}\nset -eu\nfence_folder=${lanes}\nfence_enter "$1" "$2" "$3"\n${then}`;
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const argv = ['-c', program, 'pawl', lane, String(epoch), String(attempt)];
    const child = execFile('dash', argv, (_, stdout, stderr) =>
      resolve({ code: child.exitCode!, stdout, stderr }),
    );
  });
}

it('lets in exactly those that are not older than the newest before', async () => {
  const pair = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }));
  let lane = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(pair, { minLength: 1, maxLength: 6 }), async (pairs) => {
      lane += 1;
      let newest: [number, number] = [0, 0];
      for (const [epoch, attempt] of pairs) {
        const older = epoch < newest[0] || (epoch === newest[0] && attempt < newest[1]);
        const { code } = await enter(`lane-${lane}`, epoch, attempt);
        expect(code).toBe(older ? 91 : 0);
        if (!older) newest = [epoch, attempt];
      }
    }),
    { numRuns: 25 },
  );
});

it('keeps lanes apart, those inside others too', async () => {
  expect(await enter('web', 9, 9)).toMatchObject({ code: 0 });
  expect(await enter('web/n3', 1, 1)).toMatchObject({ code: 0 });
  expect(await enter('web/n3', 1, 0)).toMatchObject({
    code: 91,
    stderr: 'pawl: fenced: web/n3 belongs to the newer attempt 1 1\n',
  });
});

it('holds times in milliseconds', async () => {
  const now = 1_795_478_220_346;
  expect(await enter('web', now, now)).toMatchObject({ code: 0 });
  expect(await enter('web', now, now - 1)).toMatchObject({ code: 91 });
  expect(await enter('web', now + 1, 5)).toMatchObject({ code: 0 });
  expect(await enter('web', now, now + 9)).toMatchObject({ code: 91 });
});

it('lets in one at a time, and is busy after 5 s', async () => {
  const holder = enter('web', 1, 1, 'sleep 6; echo held');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const begun = Date.now();
  expect(await enter('web', 1, 2)).toMatchObject({ code: 92, stderr: expect.stringContaining('lane busy') });
  expect(Date.now() - begun).toBeGreaterThan(4_500);
  expect(await holder).toMatchObject({ code: 0, stdout: 'held\n' });
});

it('gives the lane back with fence_leave, and children without the lock do not keep it', async () => {
  const holder = enter('web', 1, 1, 'sleep 3 9>&- & fence_leave; sleep 3');
  await new Promise((resolve) => setTimeout(resolve, 500));
  const begun = Date.now();
  expect(await enter('web', 1, 1)).toMatchObject({ code: 0 });
  expect(Date.now() - begun).toBeLessThan(2_000);
  await holder;
});

it.each([
  ['', 1, 1],
  ['../web', 1, 1],
  ['/etc/passwd', 1, 1],
  ['a b', 1, 1],
  ['a//b', 1, 1],
  ['a/.b', 1, 1],
  ['web', '', 1],
  ['web', 'x', 1],
  ['web', -1, 1],
  ['web', 1, '1e3'],
  ['web', 1, '9'.repeat(19)],
])('refuses %j %j %j', async (lane, epoch, attempt) => {
  expect(await enter(lane, epoch, attempt)).toMatchObject({ code: 2, stdout: '' });
});

it('does not let anybody in on a damaged state', async () => {
  await writeFile(join(lanes, 'web.fence'), 'rubbish\n');
  expect(await enter('web', 5, 5)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('not a number'),
  });
});
