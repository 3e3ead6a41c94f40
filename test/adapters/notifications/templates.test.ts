/** Every event in the words of every audience, in both languages; and templates of users. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../../src/adapters/notifications/message';
import { Audience, Language, type MessageKind } from '../../../src/contracts/notifications';
import { event, KINDS } from './events';

const HAN = /\p{Script=Han}/u;
const readers = Language.options.flatMap((language) =>
  Audience.options.map((audience) => ({ audience, language })),
);
const cases = KINDS.flatMap((kind) => readers.map((reader) => ({ kind, ...reader })));

it.each(cases)('$kind for $audience in $language', async ({ kind, audience, language }) => {
  const { title, text } = await messageOf(event(kind), { audience, language });
  expect(title).not.toBe('');
  expect(title.length).toBeLessThan(80);
  expect(text).not.toBe('');
  for (const words of [title, text]) {
    expect(words).not.toMatch(/[{}]|undefined|null|NaN|\[object/);
    expect(HAN.test(words)).toBe(language === 'zh');
  }
  expect(text).not.toMatch(/\n\n\n/);
});

it('no two events say the same to the same readers', async () => {
  for (const reader of readers) {
    const said = await Promise.all(
      KINDS.map(async (kind) => Object.values(await messageOf(event(kind), reader)).join()),
    );
    expect(new Set(said).size).toBe(KINDS.length);
  }
});

it.each<{ kind: MessageKind; facts: object; says: RegExp; not?: RegExp }>([
  { kind: 'undone', facts: { complete: false }, says: /NOT put back[^]*left to do/ },
  {
    kind: 'ended',
    facts: { well: false, end: 'failed', leftToDo: ['look at n2', 'look at n3'] },
    says: /failed[^]*Left to do: look at n2\nLeft to do: look at n3/,
  },
  { kind: 'ended', facts: {}, says: /12 min/, not: /Left to do/ },
  { kind: 'maintenanceStarted', facts: {}, says: /2026-11-24 21:30 UTC/ },
])('$kind with $facts', async ({ kind, facts, says, not }) => {
  const { title, text } = await messageOf(event(kind, facts), { audience: 'team', language: 'en' });
  expect(`${title}\n${text}`).toMatch(says);
  if (not) expect(text).not.toMatch(not);
});

it('users hear nothing of hosts, of why one failed, or of commands', async () => {
  for (const language of Language.options)
    for (const kind of ['hostFailed', 'waitsForPerson', 'undone', 'ended'] as const) {
      const { title, text } = await messageOf(event(kind), { audience: 'users', language });
      expect(`${title} ${text}`).not.toMatch(/n2|health|pawl|plan|hosts/);
    }
});

describe('own templates', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'pawl-templates-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const say = (template: string) => {
    writeFileSync(join(folder, 'began.team.en.liquid'), template);
    return messageOf(event('began'), { audience: 'team', language: 'en' }, folder);
  };

  it('come before the built-in one, which is there for all others', async () => {
    expect(await say('{{ service | upcase }} begins\nwith {{ hosts }} hosts\n')).toMatchObject({
      title: 'WEB begins',
      text: 'with 6 hosts',
    });
    const other = await messageOf(event('ended'), { audience: 'team', language: 'en' }, folder);
    expect(other.title).toContain('succeeded');
  });

  it.each([
    { template: '{{ hostz }}', says: 'undefined variable: hostz' },
    { template: '{{ hosts | upcaze }}', says: 'undefined filter: upcaze' },
    { template: '{% if hosts %}', says: 'not closed' },
    { template: '{{ service.constructor.name }}', says: 'undefined variable' },
    { template: "{% include '/etc/passwd' %}", says: 'the template began.team.en.liquid cannot be used' },
    {
      template: "{% render '../../package.json' %}",
      says: 'the template began.team.en.liquid cannot be used',
    },
    { template: '{% for i in (1..100000000) %}x{% endfor %}', says: 'limit exceeded' },
  ])('$template is told: $says', async ({ template, says }) => {
    await expect(say(template)).rejects.toThrow(says);
  });
});

it('an id that no header could carry is written out', async () => {
  const { id } = await messageOf(event('began', {}, '升级 1/run#1'), { audience: 'team', language: 'en' });
  expect(id).toMatch(/^[\x21-\x7e]+$/);
  expect(id).toContain('/run#1');
});
