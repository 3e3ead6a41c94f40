import type { Message } from '../../src/contracts/messages';
import type { Control, Moment } from '../../src/domain/control';
import { applyMessage, judgeMessage, newControl } from '../../src/domain/control';

const by = 'ann';
const planHash = 'abcdef0123456789';
const running: Moment = {
  phase: 'running',
  ended: false,
  planHash,
  openGate: null,
  soaking: false,
  waiting: false,
  askingFor: [],
  inFlight: [],
  noReturn: null,
  hosts: { n1: 'done', n2: 'draining', n3: 'pending' },
};

const ROLLBACK: Message = { name: 'rollback', by, reason: 'orders fail' };

interface Case {
  message: Message;
  now?: Partial<Moment>;
  control?: Partial<Control>;
  ok: boolean;
  says: RegExp;
}

describe('judgeMessage', () => {
  it.each<Case>([
    { message: { name: 'pause', by }, ok: true, says: /before the next host/ },
    { message: { name: 'pause', by }, now: { inFlight: ['n2'] }, ok: true, says: /after n2 is back/ },
    {
      message: { name: 'pause', by },
      control: { paused: { by: 'bob' } },
      ok: true,
      says: /already paused by bob/,
    },
    { message: { name: 'resume', by }, ok: false, says: /not paused/ },
    { message: ROLLBACK, ok: false, says: /brings no release/ },
    { message: ROLLBACK, now: { brings: '2.0.0', phase: 'queued' }, ok: false, says: /abort ends it/ },
    { message: ROLLBACK, now: { brings: '2.0.0' }, ok: true, says: /gives way/ },
    { message: ROLLBACK, now: { brings: '2.0.0', phase: 'rollingBack' }, ok: true, says: /gives way/ },
    { message: ROLLBACK, now: { brings: '2.0.0', ended: true }, ok: false, says: /has ended/ },
    {
      message: ROLLBACK,
      now: { brings: '2.0.0' },
      control: { abort: { by: 'bob', undo: true }, rollback: { by: 'bob', reason: 'x' } },
      ok: true,
      says: /begun already by bob/,
    },
    { message: { name: 'approve', by }, now: { planHash: null }, ok: false, says: /no plan yet/ },
    { message: { name: 'approve', by }, ok: false, says: /no gate/ },
    { message: { name: 'approve', by }, now: { openGate: 'before' }, ok: true, says: /approved: before/ },
    {
      message: { name: 'approve', by, planHash: 'abcdef01' },
      now: { openGate: 'before' },
      ok: true,
      says: /approved/,
    },
    {
      message: { name: 'approve', by, planHash: '99999999' },
      now: { openGate: 'before' },
      ok: false,
      says: /another plan/,
    },
    {
      message: { name: 'approve', by },
      now: { openGate: 'before' },
      control: { abort: { by: 'bob', undo: true } },
      ok: false,
      says: /bob has stopped/,
    },
    { message: { name: 'promote', by }, ok: false, says: /nothing is being observed/ },
    { message: { name: 'promote', by }, now: { soaking: true }, ok: true, says: /ends now/ },
    { message: { name: 'skip', by, host: 'n9' }, ok: false, says: /there are n1, n2, n3/ },
    { message: { name: 'skip', by, host: 'n1' }, ok: false, says: /n1 is done/ },
    { message: { name: 'skip', by, host: 'n2' }, ok: false, says: /only a host that waits/ },
    { message: { name: 'skip', by, host: 'n2' }, now: { askingFor: ['n2'] }, ok: true, says: /put back/ },
    { message: { name: 'skip', by, host: 'n3' }, ok: true, says: /left out/ },
    { message: { name: 'retry', by }, ok: false, says: /no host waits/ },
    { message: { name: 'retry', by, host: 'n3' }, now: { askingFor: ['n2'] }, ok: false, says: /n2 does/ },
    { message: { name: 'retry', by }, now: { askingFor: ['n2'] }, ok: true, says: /trying n2/ },
    { message: { name: 'abort', by, undo: true }, ok: true, says: /put back/ },
    {
      message: { name: 'abort', by, undo: true },
      control: { abort: { by: 'bob', undo: true } },
      ok: true,
      says: /already stopped by bob/,
    },
    {
      message: { name: 'abort', by, undo: true },
      now: { phase: 'rollingBack' },
      ok: false,
      says: /rolling back/,
    },
    { message: { name: 'extend', by, minutes: 5 }, ok: false, says: /nothing with a deadline/ },
    { message: { name: 'extend', by, minutes: 5 }, now: { waiting: true }, ok: true, says: /5 more minutes/ },
    {
      message: { name: 'resume', by },
      now: { ended: true, phase: 'succeeded' },
      ok: false,
      says: /has ended/,
    },
  ])('$message.name with $now and $control → $says', ({ message, now, control, ok, says }) => {
    const verdict = judgeMessage(message, { ...newControl(), ...control }, { ...running, ...now });
    expect(verdict).toEqual({ ok, text: expect.stringMatching(says) });
  });
});

describe('applyMessage', () => {
  it.each<Message>([
    { name: 'pause', by },
    { name: 'approve', by },
    { name: 'skip', by, host: 'n3' },
    { name: 'retry', by, host: 'n2' },
    { name: 'abort', by, undo: true },
    { name: 'promote', by },
  ])('$name twice is the same as once', (message) => {
    const now: Moment = { ...running, openGate: 'before', askingFor: ['n2'] };
    const [once, twice] = [newControl(), newControl()];
    applyMessage(message, once, now);
    applyMessage(message, twice, now);
    applyMessage({ ...message, by: 'somebody else' }, twice, now);
    expect(twice).toEqual(once);
  });
});
