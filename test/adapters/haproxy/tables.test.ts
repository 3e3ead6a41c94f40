import fc from 'fast-check';
import { generationOf, factsOf } from '../../../src/adapters/load-balancers/haproxy/facts';
import {
  numberIn,
  readCsv,
  readInfo,
  readServersState,
} from '../../../src/adapters/load-balancers/haproxy/tables';

const field = (value: string) => (/[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
const cell = fc.string({ maxLength: 8 }).filter((text) => !text.includes('\n'));

it('reads back what CSV was written, quotes and commas included', () => {
  const table = fc
    .integer({ min: 1, max: 5 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width })));
  fc.assert(
    fc.property(table, (lines) => {
      const names = (lines[0] ?? []).map((_, column) => `c${column}`);
      const text = [`# ${names.join(',')}`, ...lines.map((line) => line.map(field).join(','))].join('\n');
      expect(lines.length ? readCsv(text).map((row) => names.map((name) => row[name])) : []).toEqual(lines);
    }),
  );
});

it.each([
  ['no header', 'web,n1,UP'],
  ['nothing', ''],
  ['a short line', '# a,b,c\n1,2'],
  ['a long line', '# a,b,c\n1,2,3,4'],
  ['an open quote', '# a,b\n1,"2'],
  ['a quote inside', '# a,b\n1,2"3'],
  ['an empty line', '# a,b\n\n1,2'],
])('refuses CSV with %s', (_what, text) => {
  expect(() => readCsv(text)).toThrow(expect.objectContaining({ type: 'BalancerUnavailable' }));
});

it.each([
  ['another format', '2\n# be_id\n3'],
  ['no header', '1\n3 web'],
  ['a cut line', '1\n# be_id be_name\n3'],
])('refuses server states with %s', (_what, text) => {
  expect(() => readServersState(text)).toThrow(expect.objectContaining({ type: 'BalancerUnavailable' }));
});

it.each(['', '-1', '1.5', '1e3', ' 1', '0x1', 'NaN', '9'.repeat(16)])('takes %j for no number', (value) => {
  expect(() => numberIn({ scur: value }, 'scur')).toThrow(/scur/);
});

it.each([
  { says: 'UP', admin: 0, state: 'in' },
  { says: 'no check', admin: 0, state: 'in' },
  { says: 'UP 1/2', admin: 0, state: 'down' },
  { says: 'UP 2/3', admin: 0, state: 'down' },
  { says: 'DOWN', admin: 0, state: 'down' },
  { says: 'DOWN 1/2', admin: 0, state: 'down' },
  { says: 'DOWN (agent)', admin: 0, state: 'down' },
  { says: 'NOLB', admin: 0, state: 'down' },
  { says: 'NOLB 1/2', admin: 0, state: 'down' },
  { says: 'DRAIN', admin: 8, state: 'draining' },
  { says: 'DRAIN 1/2', admin: 8, state: 'draining' },
  { says: 'DRAIN (agent)', admin: 8, state: 'draining' },
  { says: 'DRAIN', admin: 16, state: 'draining' },
  { says: 'DOWN', admin: 8, state: 'draining' },
  { says: 'MAINT', admin: 1, state: 'out' },
  { says: 'MAINT', admin: 5, state: 'out' },
  { says: 'MAINT (via web/n1)', admin: 2, state: 'out' },
  { says: 'MAINT (resolution)', admin: 32, state: 'out' },
  { says: 'UPSIDE', admin: 0, state: 'unknown' },
  { says: 'up', admin: 0, state: 'unknown' },
  { says: '', admin: 0, state: 'unknown' },
])('$says with admin state $admin is $state', ({ says, admin, state }) => {
  const stat = { status: says, scur: '2', qcur: '1' };
  const row = { srv_admin_state: String(admin), srv_uweight: '100' };
  const healthy = ['UP', 'DRAIN', 'no check'].includes(says);
  expect(factsOf(stat, row, 'g')).toEqual({
    state,
    weight: 100,
    sessions: 3,
    says,
    healthy,
    generation: 'g',
  });
});

it('tells processes apart by pid and start', () => {
  const generation = (pid: number, start: string) =>
    generationOf(readInfo(`Name: HAProxy\nPid: ${pid}\n${start}`));
  const all = [
    generation(1, 'Start_time_sec: 5'),
    generation(2, 'Start_time_sec: 5'),
    generation(1, 'Start_time_sec: 6'),
    generation(1, ''),
  ];
  expect(new Set(all).size).toBe(4);
  expect(() => generationOf(readInfo('Name: HAProxy'))).toThrow(/Pid/);
});
