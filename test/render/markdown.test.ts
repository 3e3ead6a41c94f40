import { EXAMPLES, MESSAGES, messageNames } from '../../src/contracts/messages';
import type { Status } from '../../src/contracts/status';
import { statusMarkdown } from '../../src/render/markdown';
import { certificate, drift, host, status } from './status';

const shown = (more: Partial<Status> = {}) => statusMarkdown({ ...status, ...more });

it('shows phase, hosts in columns, and where messages are sent', () => {
  expect(shown().split('\n')).toEqual([
    '**◐ running: web → 2.0.0 on lab**',
    'batch 1 of 2: n1, n10 · plan c19e2c693b94',
    '',
    'To steer it: *More Actions → Send an Update*, whose list shows the JSON of each message.',
    '',
    '```',
    '✔ n1   2.0.0  done         in (weight 100) at edge',
    '◐ n10  1.0.0  draining     draining (2 sessions) at edge',
    '✖ n11  1.0.0  unreachable  in (weight 100) at edge',
    '    no SSH session to n11: timed out',
    '· n12  1.0.0  staged       in (weight 100) at edge',
    '```',
  ]);
});

it('draws diffs as such, as far as there is room, and no file ends their block', () => {
  const text = shown({
    diffs: {
      shown: [
        { hosts: ['n1', 'n2'], text: '--- /etc/a\n+++ /etc/a\n-old\n+new ``` `' },
        { hosts: ['n3'], text: Array.from({ length: 200 }, (_, n) => `+line number ${n}`).join('\n') },
      ],
      more: 7,
    },
  });
  expect(text).toContain("**on n1, n2**\n\n```diff\n--- /etc/a\n+++ /etc/a\n-old\n+new ''' `\n```");
  expect(text.length).toBeLessThan(3_500);
  const [, left] = /and (\d+) more lines: `pawl report` has them$/.exec(text)!;
  const drawn = text.split('\n').filter((line) => line.startsWith('+line number')).length;
  expect(drawn + Number(left)).toBe(207);
});

it('draws what people have made of files since', () => {
  expect(shown({ drift })).toContain('**on n1**\n\n```diff\n--- /etc/a\n+++ /etc/a\n');
});

it('says first what is waited for, with the JSON to paste', () => {
  const text = shown({
    phase: 'awaitingApproval',
    summary: 'approve plan c19e2c693b94',
    waitingFor: {
      what: 'approve plan c19e2c693b94',
      answers: [{ message: 'approve', payload: { by: 'you', planHash: 'c19e2c693b94' } }],
      until: '2026-11-26T10:36:00.000Z',
      then: 'the change counts as failed',
    },
  });
  expect(text.split('\n').slice(3, 7)).toEqual([
    '**Waiting:** approve plan c19e2c693b94 (until 2026-11-26 10:36:00 UTC, then the change counts as failed)',
    'To answer: *More Actions → Send an Update*, with one of',
    '',
    '- **approve:** `{"by":"you","planHash":"c19e2c693b94"}`',
  ]);
});

it('parts what was done from the answers, where no host stands between them', () => {
  const waitingFor = {
    what: 'web is closed for maintenance',
    answers: [{ message: 'promote' as const, payload: { by: 'you' } }],
    until: '2026-11-26T10:36:00.000Z',
    then: 'it is opened',
  };
  expect(
    shown({ hosts: [], notes: ['nobody is told'], waitingFor })
      .split('\n')
      .slice(-5),
  ).toEqual(['- **promote:** `{"by":"you"}`', '', '**So far:**', '', '- nobody is told']);
});

it('keeps words from outside within their place', () => {
  const text = shown({
    hosts: [host('n1', 'failed', { note: 'it said\n```\n# **x**' })],
    notes: ['a <b>note</b>\n# with a title'],
  });
  expect(text.split('\n').filter((line) => line.startsWith('```'))).toHaveLength(2);
  expect(text).toContain('\\<b\\>note\\</b\\> \\# with a title');
});

it('breaks the line of a lease where it is too long', () => {
  const since = '2026-11-23T10:36:00.000Z';
  const holder = { id: 'upgrade-web-2.0.0-20261123T1036', what: 'upgrade web 2.0.0', holds: 'n1, n2', since };
  const text = shown({ hosts: [], line: { holders: [{ ...holder, yieldsTo: null }], waiting: [] } });
  expect(text.split('\n').slice(-5)).toEqual([
    '```',
    '◐ upgrade-web-2.0.0-20261123T1036  upgrade web 2.0.0',
    '    holds n1, n2',
    '    since 2026-11-23T10:36:00Z',
    '```',
  ]);
  expect(text).not.toContain('To steer it');
});

it('keeps the claims of a gate below it', () => {
  const claim = (verdict: 'pass' | 'hold', text: string) => ({ metric: 'errors', verdict, text });
  const claims = [claim('hold', 'too few requests'), claim('pass', '0 of 900 failed')];
  const gate = { name: 'soak 1', verdict: 'hold', text: 'holds', claims } as never;
  expect(shown({ gates: [gate], notes: ['a note'] })).toContain(
    '- ◐ soak 1: hold\n- ↳ ◐ too few requests\n- ↳ ✔ 0 of 900 failed\n- a note',
  );
});

it('says what clients lost', () => {
  expect(shown({ certificate })).toContain(
    '- ✖ 2 of 900 requests lost: 2 at n3 while it was put back (counted at edge)',
  );
  const none = { ...certificate, text: '0 of 900 requests lost (counted at edge)', lost: 0 };
  expect(shown({ certificate: none })).toContain('- ✔ 0 of 900 requests lost');
  expect(shown({ certificate: { ...none, text: 'not counted', lost: null } })).toContain('- · not counted');
});

it('gives mistakes a line each', () => {
  const text = shown({
    phase: 'failed',
    service: null,
    hosts: [],
    summary: '2 mistakes\na: 1: x\nb: 2: *y*',
  });
  expect(text).toContain('2 mistakes\na: 1: x\nb: 2: \\*y\\*');
});

it('stays short however many hosts there are', () => {
  const hosts = Array.from({ length: 2_000 }, (_, index) =>
    host(`n${index}`, index === 999 ? 'failed' : 'staged'),
  );
  const leftToDo = hosts.map(({ name }) => ({ host: name, what: `look at ${name}`, command: `ssh ${name}` }));
  const text = shown({ hosts, leftToDo });
  expect(text).toMatch(/✖ n999/);
  expect(text).toContain('1976 more hosts: 1976 staged');
  expect(text).toContain('and 1980 more, which the query `status` shows');
  expect(encodeURIComponent(text).length).toBeLessThan(8_000);
});

it.each(messageNames)('the example of %s is one', (name) => {
  expect(MESSAGES[name].payload.safeParse(EXAMPLES[name]).success).toBe(true);
});
