import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PageWrong, readTemplate, renderPages, type PageFacts } from '../../src/adapters/maintenance-page';

const FACTS: PageFacts = {
  service: 'web',
  content: 'New database <script>alert(1)</script>',
  contact: 'ops@example.org & friends',
  languages: ['en', 'zh'],
  timeZone: 'Asia/Shanghai',
  from: Date.parse('2026-12-01T14:00:00Z'),
  to: Date.parse('2026-12-01T15:30:00Z'),
};
const text = (template: string) => ({ text: template, sha256: null });

test('the built-in page says what, how long, until when and whom to ask, in both languages', async () => {
  const { page } = renderPages(await readTemplate(undefined, '/'), FACTS);
  for (const said of ['web is down for maintenance', 'web 正在维护', '90 minutes', '90 分钟'])
    expect(page).toContain(said);
  expect(page.match(/2026-12-01 23:30 \(Asia\/Shanghai\)/g)).toHaveLength(2);
  expect(page).toContain('ops@example.org &amp; friends');
  expect(page).toContain('&lt;script&gt;');
  expect(page).not.toContain('<script>');
  expect(page).not.toMatch(/[\n\r\t]/);
  // room for a page of one's own, and far from what a balancer can serve
  expect(Buffer.byteLength(page)).toBeLessThan(4_000);
});

test('the other text promises nothing that is past', async () => {
  const { page, late } = renderPages(await readTemplate(undefined, '/'), FACTS);
  expect(late).toContain('It takes longer than planned');
  expect(late).toContain('维护时间比计划的长');
  expect(page).not.toContain('longer than planned');
  expect(late).toContain('was planned for 2026-12-01 23:30');
});

test.each([
  { languages: ['zh'] as const, has: '正在维护', hasNot: 'is down' },
  { languages: ['en'] as const, has: 'is down', hasNot: '正在维护' },
])('in $languages alone', async ({ languages, has, hasNot }) => {
  const { page } = renderPages(await readTemplate(undefined, '/'), { ...FACTS, languages: [...languages] });
  expect(page).toContain(has);
  expect(page).not.toContain(hasNot);
});

test('without a contact there is no line for one', async () => {
  const { page } = renderPages(await readTemplate(undefined, '/'), { ...FACTS, contact: '' });
  expect(page).not.toContain('Contact');
});

test.each([
  { template: '{{ nobody }}', why: /undefined variable: nobody/ },
  { template: '{{ content | shout }}', why: /undefined filter: shout/ },
  { template: '{% if %}', why: /cannot be used/ },
  { template: "{% include '/etc/passwd' %}", why: /cannot be used/ },
])('a template with a fault is told: $template', ({ template, why }) => {
  expect(() => renderPages(text(template), FACTS)).toThrow(PageWrong);
  expect(() => renderPages(text(template), FACTS)).toThrow(why);
});

test('a template of the user is read beside the cluster file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pawl-page-'));
  try {
    await writeFile(join(folder, 'page.liquid'), '<h1>{{ service }}</h1>\n\n  {% if late %}late{% endif %}');
    const template = await readTemplate('page.liquid', folder);
    expect(template.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(renderPages(template, FACTS)).toEqual({ page: '<h1>web</h1>', late: '<h1>web</h1> late' });
    await expect(readTemplate('none.liquid', folder)).rejects.toThrow(/none.liquid cannot be read: ENOENT/);
    await writeFile(join(folder, 'large.liquid'), 'x'.repeat(70_000));
    await expect(readTemplate('large.liquid', folder)).rejects.toThrow(/at most 65536/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
