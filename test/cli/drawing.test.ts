import pc from 'picocolors';
import { draw } from '../../src/cli/draw';
import { exitCodeOf, waitsForPerson } from '../../src/cli/exit-codes';
import { frame } from '../../src/cli/frame';
import type { Look } from '../../src/cli/runs';
import { Screen } from '../../src/cli/screen';
import { took } from '../../src/cli/watch';
import { nearest } from '../../src/cli/unknown-run';
import type { Phase, Status } from '../../src/contracts/status';
import { mistakeRows } from '../../src/render/mistakes';
import { diffRows } from '../../src/render/rows';
import { host, status } from '../render/status';
import { Recorder, seen } from './recorder';

const live = (more: Partial<Status> = {}): Look => ({ kind: 'live', status: { ...status, ...more } });

it('draws hosts in columns', () => {
  expect(frame(live(), new Recorder())).toEqual([
    '◐ running: web → 2.0.0 on lab',
    '  batch 1 of 2: n1, n10 · plan c19e2c693b94',
    '  ✔ n1   2.0.0  done         in (weight 100) at edge',
    '  ◐ n10  1.0.0  draining     draining (2 sessions) at edge',
    '  ✖ n11  1.0.0  unreachable  in (weight 100) at edge        no SSH session to n11: timed out',
    '  · n12  1.0.0  staged       in (weight 100) at edge',
  ]);
});

it('draws the diffs of a plan as they are, harmless', () => {
  const rows = diffRows({ shown: [{ hosts: ['n1', 'n2'], text: '-old\u001b[2J\n+new' }], more: 1 });
  expect(draw(rows, new Recorder())).toEqual([
    '  on n1, n2',
    expect.stringMatching(/^-old.*\[2J$/),
    '+new',
    '  ⓘ and 1 more line, which `pawl config diff` draws',
  ]);
  expect(draw(rows, new Recorder())[1]).not.toContain('\u001b');
});

it('says what is waited for once, with commands to copy', () => {
  const waiting = live({
    phase: 'awaitingApproval',
    batch: null,
    hosts: [],
    summary: 'approve plan c19e2c693b94',
    waitingFor: {
      what: 'approve plan c19e2c693b94',
      answers: [
        { message: 'approve', payload: { by: 'you', planHash: 'c19e2c693b94' } },
        { message: 'abort', payload: { by: 'you', undo: true } },
      ],
      until: '2026-11-26T10:36:00.000Z',
      then: 'the change counts as failed',
    },
  });
  const lines = [
    '◐ awaitingApproval: web → 2.0.0 on lab',
    '  ⏳ approve plan c19e2c693b94 (until 2026-11-26 10:36:00 UTC, then the change counts as failed)',
    '    approve: pawl approve upgrade-web-2.0.0-20261123T1036 --plan-hash c19e2c693b94',
    '    abort: pawl abort upgrade-web-2.0.0-20261123T1036',
  ];
  expect(frame(waiting, new Recorder())).toEqual(lines);
  const narrow = frame(waiting, new Recorder({ columns: 60, rows: 50 }));
  expect(narrow).toContain('      pawl approve upgrade-web-2.0.0-20261123T1036 --plan-hash c19e2c693b94');
  expect(narrow.filter((line) => !line.includes('pawl ')).every((line) => line.length <= 60)).toBe(true);
});

it('breaks a note below its own column and loses none of it', () => {
  const lines = frame(live(), new Recorder({ columns: 90, rows: 50 }));
  expect(lines.slice(4, 6)).toEqual([
    '  ✖ n11  1.0.0  unreachable  in (weight 100) at edge        no SSH session to n11: timed',
    '                                                            out',
  ]);
  const narrower = frame(live(), new Recorder({ columns: 70, rows: 50 }));
  expect(narrower).toContain('      no SSH session to n11: timed out');
});

it('lets nothing from outside move the cursor or turn the line around', () => {
  const [, line] = frame(
    live({ summary: 'a\u001b[2J\u202eb\nc', batch: null, planHash: null }),
    new Recorder(),
  );
  expect(line).toBe('  a [2J b c');
});

it('colours signs, and only where colours are wanted', () => {
  const rows = mistakeRows([{ code: 'x', path: 'batches.0', value: '0%', rule: 'a whole percentage' }]);
  const size = () => ({ columns: 80, rows: 24 });
  expect(draw(rows, { colours: pc.createColors(false), size })).toEqual([
    '  ✖ batches.0  0%  a whole percentage',
  ]);
  expect(draw(rows, { colours: pc.createColors(true), size })[0]).toContain('\u001b[31m✖');
});

it('leaves out calm hosts far from the front where the terminal is too low', () => {
  const hosts = Array.from({ length: 40 }, (_, index) =>
    host(`n${index}`, index < 20 ? 'done' : index === 20 ? 'changing' : index === 35 ? 'failed' : 'staged'),
  );
  const lines = frame(live({ hosts }), new Recorder({ columns: 100, rows: 14 }));
  expect(lines.length).toBeLessThan(14);
  const text = lines.join('\n');
  expect(text).toMatch(/n20 .*changing/);
  expect(text).toMatch(/n35 .*failed/);
  expect(text).toMatch(/n19 .*done/);
  expect(text).not.toMatch(/n39 /);
  const [, hidden, done, staged] = /(\d+) more hosts: (\d+) done, (\d+) staged/.exec(text) ?? [];
  const shown = lines.filter((line) => /^ +\S n\d+ /.test(line)).length;
  expect(Number(hidden) + shown).toBe(40);
  expect(Number(done) + Number(staged)).toBe(Number(hidden));
});

it('draws frames over each other without a trace of the one before', () => {
  const size = { columns: 20, rows: 8 };
  const terminal = new Recorder(size);
  terminal.print('$ pawl get --watch\n');
  const screen = new Screen(terminal);
  const frames = [
    ['one', 'a line of more than twenty columns', 'three', 'four'],
    ['uno', 'dos', 'tres', 'cuatro', 'cinco', 'seis', 'siete', 'ocho', 'nueve'],
    ['end'],
  ];
  for (const lines of frames) screen.show(lines);
  screen.end();
  expect(seen(terminal.out, size).filter(Boolean)).toEqual(['end']);
  // the first frame, before anything scrolled
  const first = terminal.out.split('\u001b[?2026l')[0] ?? '';
  expect(seen(first, size).filter(Boolean)).toEqual([
    '$ pawl get --watch',
    'one',
    'a line of more than',
    'twenty columns',
    'three',
    'four',
  ]);
});

it.each<[Phase, number]>([
  ['succeeded', 0],
  ['planned', 0],
  ['failed', 1],
  ['frozen', 1],
  ['rolledBack', 3],
  ['aborted', 5],
  ['running', 0],
])('%s is exit code %d', (phase, code) => {
  expect(exitCodeOf(phase)).toBe(code);
});

it('tells a soak, which ends by itself, from what a person must answer', () => {
  const waiting = (...messages: string[]) => ({
    phase: 'running' as const,
    waitingFor: {
      what: '',
      answers: messages.map((message) => ({ message, payload: {} })),
      until: '',
      then: '',
    },
  });
  expect(waitsForPerson({ phase: 'running', waitingFor: null })).toBe(false);
  expect(waitsForPerson(waiting('promote'))).toBe(false);
  expect(waitsForPerson(waiting('resume', 'abort'))).toBe(true);
  // a line moves by itself
  expect(waitsForPerson({ ...waiting('abort'), phase: 'queued' })).toBe(false);
});

it('says times shortly', () => {
  const startedAt = '2026-11-23T10:00:00Z';
  expect(took({ ...status, startedAt, endedAt: '2026-11-23T10:01:07Z' })).toBe('1:07');
  expect(took({ ...status, startedAt, endedAt: '2026-11-23T12:03:20Z' })).toBe('2:03:20');
});

it('names the runs that a wrong id is most like', () => {
  const ids = [
    'plan-db-1-20261123T1036',
    'upgrade-web-2.0.0-20261123T1036',
    'upgrade-api-1.0.0-20261122T0900',
  ];
  expect(nearest('upgrade-wbe-2.0.0-20261123T1036', ids, 1)).toEqual(['upgrade-web-2.0.0-20261123T1036']);
});
