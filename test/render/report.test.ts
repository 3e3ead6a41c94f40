import type { Look } from '../../src/contracts/gate';
import type { GateStatus, Status } from '../../src/contracts/status';
import type { StepTimes } from '../../src/contracts/step-times';
import { reportHtml } from '../../src/render/report';
import { sight } from './sights';
import { certificate, drift, host, status } from './status';

const NASTY = `<script>alert("1")</script><img src=x onerror='x'>&\u202e`;

const gate: GateStatus = {
  name: 'gate after batch 1',
  verdict: 'pass',
  text: 'errors: 0 of 9,000 answers',
  saw: sight(30, { claims: [{ name: 'errors', verdict: 'pass', text: 'errors: 0 of 9,000 answers' }] }),
};
const stepTimes: StepTimes = {
  entries: [
    {
      ...{ what: 'n1: stage 2.0.0', times: 1, end: 'done' },
      ...{ begunAt: Date.parse(status.startedAt), endedAt: Date.parse(status.startedAt) + 1_500 },
    },
    {
      ...{ what: 'gate after batch 1', times: 3, end: 'underWay' },
      ...{ begunAt: Date.parse(status.startedAt) + 2_000, endedAt: null },
    },
  ],
};

const page = (more: Partial<Status> = {}, told: StepTimes = stepTimes) =>
  reportHtml({
    status: { ...status, ...more },
    stepTimes: told,
    asOf: '2026-11-23T10:37:00.000Z',
    answerText: (id, message, payload) => `pawl ${message} ${id} ${JSON.stringify(payload)}`,
  });

it('draws diffs line by line, and what stands in them is text', async () => {
  const text = await page({ diffs: { shown: [{ hosts: ['n1'], text: `-old\n+${NASTY}\n same` }], more: 3 } });
  expect(text).toContain('<span class="bad">-old</span>');
  expect(text).toContain('<span class="good">+&#60;script&#62;');
  expect(text).not.toContain('<script');
  expect(text).toContain('and 3 more lines');
});

it('has summary, hosts, gates with their claims and charts, and what was done when', async () => {
  const text = await page({ gates: [gate] });
  for (const part of ['web → 2.0.0 on lab', 'batch 1 of 2', 'n11', 'no SSH session to n11: timed out'])
    expect(text).toContain(part);
  expect(text).toContain('gate after batch 1');
  expect(text).toContain('errors: 0 of 9,000 answers');
  expect(text.match(/<svg /g)).toHaveLength(5);
  expect(text).toContain('P95, ms');
  expect(text).toContain('limit 52.4');
  expect(text).toMatch(
    /n1: stage 2\.0\.0\s*<\/td>\s*<td class="number">\+0\.0 s<\/td>\s*<td class="number">1\.5 s/,
  );
  expect(text).toContain('(under way, 3 times)');
  expect(text).toContain('after 60 s');
});

it('says what clients lost, and where', async () => {
  const text = await page({ certificate });
  expect(text).toContain('2 of 900 requests lost');
  expect(text).toMatch(/<td>n3<\/td>\s*<td>while it was put back<\/td>\s*<td class="number">2</);
  expect(await page()).not.toContain('Lost requests');
});

it('shows what drifted, host by host and file by file, and what was edited as it stands there', async () => {
  const text = await page({ drift });
  expect(text).toMatch(/<td>n1<\/td>\s*<td>\/etc\/a<\/td>\s*<td class="nowrap">[^]*?edited/);
  expect(text).toMatch(/<td>all files<\/td>/);
  expect(text).toContain('behind: as an earlier revision has it');
  const [, shown] = /<pre class="diff">([^]*?)<\/pre>/.exec(text)!;
  // line for line, and no blank before one
  expect(shown!.replaceAll(/<[^>]*>/g, '')).toBe(
    '--- /etc/a\n+++ /etc/a\n@@ -1 +1 @@\n-a = 1\n+a = &#60;2&#62;\n',
  );
  expect(shown).toContain('<span class="good">+a');
  expect(text).toContain('and 3 more diffs');
  expect(await page({ drift: { ...drift, findings: [], diffs: [], moreDiffs: 0 } })).toContain(
    'Every file that was looked at is so.',
  );
});

it('needs nobody: no script, no address, no style of others', async () => {
  const text = await page({ gates: [gate] });
  const addresses = text.replaceAll(/xmlns(:xlink)?="[^"]*"/g, '').match(/https?:|url\((?!#)|@import|src=/g);
  expect(addresses).toBeNull();
  expect(text).not.toMatch(/<script|javascript:| on\w+="/i);
});

it('takes words from outside for words, wherever they stand', async () => {
  const text = await page(
    {
      ...{ service: NASTY, version: NASTY, cluster: NASTY, id: NASTY, summary: NASTY, notes: [NASTY] },
      hosts: [
        host(NASTY, 'failed', { note: NASTY, balancers: { [NASTY]: host('', 'out').balancers['edge']! } }),
      ],
      steps: [{ name: NASTY, when: 'before', host: NASTY, state: 'failed', note: NASTY }],
      gates: [{ ...gate, name: NASTY, text: NASTY, claims: [{ name: '', verdict: 'fail', text: NASTY }] }],
      leftToDo: [{ host: NASTY, what: NASTY, command: NASTY }],
      messages: [{ at: '2026-11-23T10:36:00.000Z', name: NASTY, by: NASTY, answer: NASTY }],
      timeline: [{ at: '2026-11-23T10:36:00.000Z', what: NASTY }],
      drift: {
        ...{ ...drift, wanted: NASTY, diffs: [{ path: NASTY, hosts: [NASTY], text: NASTY }] },
        findings: [{ host: NASTY, path: NASTY, kind: 'edited', text: NASTY, key: '' }],
      },
      waitingFor: {
        what: NASTY,
        answers: [{ message: NASTY, payload: { by: NASTY } }],
        until: '2026-11-26T10:36:00.000Z',
        then: NASTY,
      },
    },
    { entries: [{ ...stepTimes.entries[0]!, what: NASTY }], note: NASTY },
  );
  expect(text).not.toMatch(/<(script|img)|\u202e|onerror='x'/);
  expect(text.match(/&#60;script&#62;alert\(&#34;1&#34;\)/g)!.length).toBeGreaterThan(20);
});

it('shows gates of earlier releases, that say less, and what was not measured', async () => {
  const { saw: _, ...older } = gate;
  expect(await page({ gates: [older] })).toContain('errors: 0 of 9,000 answers');
  const blind = sight(1, { looks: [[2, [0, 0, 0, null, null, null], [0, 0, 0, null, null, null]]] });
  expect(await page({ gates: [{ ...gate, saw: blind }] })).not.toContain('<svg');
  expect(await page({ gates: [{ ...gate, saw: sight(30, { hosts: { changed: 2, peers: 0 } }) }] })).toContain(
    'no peers are left',
  );
});

it('compares how much hosts answer by their weights', async () => {
  const looks: Look[] = [1, 2, 3].map((n) => [
    n * 10,
    [n * 100, 0, 0, null, null, null],
    [n * 1_000, 0, 0, null, null, null],
  ]);
  // one host at a quarter of its weight, and two at all of it
  const saw = sight(1, { looks, hosts: { changed: 1, peers: 2 }, weights: { changed: 25, peers: 200 } });
  const text = await page({ gates: [{ ...gate, saw }] });
  expect(text).toContain('changed (1 host, 30 answers/s each)');
  expect(text).toContain('peers (2 hosts, 37.5 answers/s each)');
});

it('is there for runs of every kind and at every point', async () => {
  const empty = await page(
    { service: null, cluster: null, hosts: [], planHash: null, batch: null },
    { entries: [] },
  );
  expect(empty).toContain(status.id);
  expect(empty).not.toContain('<h2>');
});
