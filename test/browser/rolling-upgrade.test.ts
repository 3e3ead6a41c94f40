/** A rolling upgrade of real hosts as somebody makes it who has nothing but Temporal's web interface. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { root, stateDir } from '../../lab/paths';
import { makeRelease } from '../../lab/service';
import { messageNames } from '../../src/contracts/messages';
import { expectAllIn, installed, underLoad } from '../lab/whole-run';
import { opened } from './opened';
import { answerIn } from './temporal-ui';

const HOSTS = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];

const at = opened('test-ui', HOSTS.length);

/** As somebody types it, with observations that wait for a click. */
async function input(version: string, more: object = {}): Promise<object> {
  return {
    ...at.target(),
    version,
    artifact: { file: relative(root, (await makeRelease({ version })).file) },
    batches: [1, '100%'],
    minHealthySeconds: 1,
    soakSeconds: 3_600,
    watchSeconds: 3_600,
    // the lab's hosts share one machine with whatever else it does
    gate: { hostCpuPercent: 100, hostMemoryPercent: 100, p95ToleranceMs: 10_000 },
    ...more,
  };
}

it('is typed, approved, paused by a signal, resumed, promoted and read to its end', () =>
  at.ui.scene('ui-upgrade', async () => {
    const { requests } = await underLoad(at.ground, upgradeByHand);
    expect(requests.failures).toEqual([]);
  }));

async function upgradeByHand(): Promise<void> {
  await at.ui.start('upgrade-web-1.1.0', await input('1.1.0', { approvals: ['before'] }));
  const open = await at.ui.details(/awaitingApproval: web → 1\.1\.0 on test-ui/);
  expect(open).toMatch(/Waiting: approve plan [0-9a-f]{12} before anything is touched \(until 20/);
  for (const host of HOSTS) expect(open).toMatch(new RegExp(`${host} +1\\.0\\.0 +pending +in`));

  const offered = await at.ui.offered('update');
  for (const name of messageNames)
    expect(offered.find((text) => text.startsWith(name))).toMatch(/\{"by":"you".*\}/);

  const other = await at.ui.refused('approve', '{"by":"ann","planHash":"00000000"}', 'for another plan');
  expect(reddish(other.background)).toBe(true);
  expect(other.text).not.toMatch(/ at .*\.[jt]s:\d/);
  const wrong = await at.ui.refused('approve', '{"who":"ann"}', 'by: needed');
  expect(wrong.text).toContain('An example: {"by":"you"}');

  await at.ui.update(...answerIn(open, 'approve'));
  const soaking = await at.ui.details(/soaking: web → 1\.1\.0/);
  expect(soaking).toMatch(/n1 +1\.1\.0 +done +in/);
  await at.ui.details(/gate after batch 1: hold\s+↳ ◐ availability: .*of .* requests/);
  await at.ui.picture('temporal-ui-gate');
  expect(await at.ui.tab('timeline', /n1: switch to 1\.1\.0/)).toContain('n1: drain, then out of rotation');

  await at.ui.signal('pause', '{"by":"ann","note":"lunch"}');
  const noted = await at.ui.details(/pause by ann: recorded; acts before the next host/);
  await at.ui.update(...answerIn(noted, 'promote'));
  const paused = await at.ui.details(/Waiting: paused by ann \(lunch\); waits for somebody to resume/);
  await expectAllIn(at.ground);
  await at.ui.update(...answerIn(paused, 'resume'));
  const watching = await at.ui.details(/watching: web → 1\.1\.0/, 120_000);
  for (const host of HOSTS) expect(watching).toMatch(new RegExp(`${host} +1\\.1\\.0 +done +in`));
  await at.ui.update(...answerIn(watching, 'promote'));

  await at.ui.details(/succeeded: web → 1\.1\.0/);
  await at.ui.badge('Completed');
  await at.ui.picture('temporal-ui-end');
  const result = await at.ui.tab('timeline', /"phase"/);
  expect(result).toContain('"summary": "web runs 1.1.0 on 6 hosts"');
  await at.ui.picture('temporal-ui-timeline', 1_400);
  const attributes = await at.ui.tab('search-attributes', /PawlPhase/);
  expect(attributes.replace(/\s+/g, ' ')).toContain('"PawlPhase": [ "succeeded" ]');
  for (const host of HOSTS) expect(await installed(at.ground, host)).toBe('1.1.0');
  await expectAllIn(at.ground);
}

it('is stopped by Request Cancellation, with everything put back', () =>
  at.ui.scene('ui-cancel', async () => {
    await at.ui.start('upgrade-web-1.2.0', await input('1.2.0'));
    await at.ui.details(/soaking: web → 1\.2\.0/);
    expect(await installed(at.ground, 'n1')).toBe('1.2.0');
    await at.ui.requestCancellation();
    const end = await at.ui.details(/aborted: web → 1\.2\.0/);
    expect(end).toMatch(/stopped by a cancellation request; everything is as it was/);
    expect(end).toMatch(/n1 +1\.1\.0 +undone +in/);
    await at.ui.badge('Failed');
    expect(await at.ui.tab('timeline', /stopped by a cancellation request/)).toContain('Aborted');
    expect(await installed(at.ground, 'n1')).toBe('1.1.0');
    await expectAllIn(at.ground);
  }));

it('with mistakes is refused, and all of them are read', () =>
  at.ui.scene('ui-bad-input', async () => {
    await at.ui.start('upgrade-web-bad', { ...(await input('1.3.0')), batchs: [1], soakSeconds: '1 h' });
    const end = await at.ui.details(/failed: /);
    expect(end).toMatch(/2 mistakes, nothing was touched/);
    expect(end).toMatch(/batchs: no such key \(did you mean .batches/);
    await at.ui.badge('Failed');
    const failure = await at.ui.tab('timeline', /BadInput/);
    expect(failure).toMatch(/2 mistakes, nothing was touched/);
    await at.ui.picture('temporal-ui-mistakes');
  }));

it('is filled in where `pawl setup` has been, and can be rejected', () =>
  at.ui.scene('ui-form', async () => {
    const example = await input('1.4.0');
    const { link, outcome } = await setUp(example);
    expect(outcome).toMatch(/shows .*rollingUpgrade\.json, which works here/);
    expect(JSON.parse(await at.ui.openForm(link))).toEqual({ ...example, dryRun: true });
    await at.ui.picture('temporal-ui-form');
    await at.ui.startFromForm('upgrade-web-1.4.0', { ...example, approvals: ['before'] });
    const open = await at.ui.details(/awaitingApproval: web → 1\.4\.0/);
    expect(await at.ui.manual()).toContain('pawl get upgrade-web-1.4.0 --watch');
    await at.ui.picture('temporal-ui');
    await at.ui.openList();
    await at.ui.columns(['PawlPhase', 'PawlService'], ['Run ID', 'Type', 'End']);
    await at.ui.page.getByText('awaitingApproval').first().waitFor();
    await at.ui.picture('temporal-ui-list', 700);
    await at.ui.openRun('upgrade-web-1.4.0');
    await at.ui.update(...answerIn(open, 'reject'));
    expect(await at.ui.details(/aborted: web → 1\.4\.0/)).toContain('no host was taken out of rotation');

    // the form takes over attributes, too; a run that is refused has none of them
    await at.ui.openForm(link);
    await at.ui.startFromForm('upgrade-nope', { ...example, service: 'nope' });
    expect(await at.ui.details(/failed: /)).toMatch(/service: nope: .*there (is|are) /);
    const attributes = await at.ui.tab('search-attributes', /PawlPhase/);
    expect(attributes.replace(/\s+/g, ' ')).toContain('"PawlPhase": [ "failed" ]');
    expect(attributes).not.toContain('PawlCluster');
  }));

it('is found in the list by its phase', () =>
  at.ui.scene('ui-list', async () => {
    await at.ui.openList('PawlPhase="succeeded"');
    await at.ui.page.getByText('upgrade-web-1.1.0').first().waitFor();
    expect(await at.ui.page.getByText('upgrade-web-1.2.0').count()).toBe(0);
  }));

/** What `pawl setup` says of the form for rolling upgrades, for a folder with our own example. */
async function setUp(example: object): Promise<{ link: string; outcome: string }> {
  const folder = join(stateDir, 'labs', at.ground.name, 'examples');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'rollingUpgrade.json'), JSON.stringify(example));
  await writeFile(
    join(folder, 'doctor.json'),
    JSON.stringify({ cluster: relative(root, at.ground.cluster) }),
  );
  const stdout = await at.pawl('setup', '--json', '--examples', folder);
  const { forms } = JSON.parse(stdout) as { forms: { type: string; link: string; outcome: string }[] };
  const [form] = forms.filter(({ type }) => type === 'rollingUpgrade');
  if (!form) throw new Error(`no form in ${stdout}`);
  return form;
}

/** `rgb(255, 217, 217)` */
function reddish(colour: string): boolean {
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map(Number);
  return red > green + 20 && red > blue + 20;
}
