import type { Level } from '../../../src/contracts/backups';
import type { Looked, Subject } from '../../../src/contracts/recovery';
import { recoverySteps, type Restorable } from '../../../src/domain/recovery/steps';

const look = (host: string, subject: Subject, is: Looked['is'] = 'damaged'): Looked => ({
  ...{ host, level: 'application', subject, is },
  found: ['it is gone'],
});
const of = (source: string, host: string, level: Level, ids: string[] = ['b']): Restorable => ({
  ...{ source, host, level, maxSeconds: 60, startFirst: false, trouble: [] },
  candidates: ids.map((id) => ({ id, at: '2026-01-01T00:00:00Z', bytes: 1 })),
});
const services: Record<string, string[]> = { n1: ['web'], n2: ['web', 'mail'], db1: ['database'] };
const made = (looked: Looked[], restorable: Restorable[] = [], serving: string[] = []) =>
  recoverySteps(looked, restorable, {
    on: (host) => services[host] ?? [],
    serve: (host) => serving.includes(host),
    released: (_, sources) => sources.includes('code'),
  });

it('nothing where all is well', () => {
  expect(made([look('n1', { kind: 'service', service: 'web' }, 'well')])).toEqual({ steps: [], left: [] });
});

it('in the order of the stages, whatever order it was found in', () => {
  const { steps, left } = made(
    [
      look('n2', { kind: 'service', service: 'mail' }),
      look('n1', { kind: 'config', service: 'web', revision: 'r2' }),
      look('n1', { kind: 'packages', packages: ['nginx'] }),
    ],
    [
      of('papers', 'n2', 'documents'),
      of('logs', 'n1', 'logs'),
      of('code', 'n1', 'application'),
      of('shop', 'db1', 'database'),
    ],
  );
  expect(left).toEqual([]);
  expect(steps.map(({ stage, name }) => `${stage}: ${name}`)).toEqual([
    'system: packages-on-n1',
    'database: shop-on-db1',
    'application: code-on-n1',
    'configuration: config-of-web-on-n1',
    'services: mail-on-n2',
    'services: web-on-n1',
    'services: database-on-db1',
    'logs: logs-on-n1',
    'documents: papers-on-n2',
  ]);
});

it('services are proven on hosts where something came back that they may need, and each once', () => {
  const damaged = look('n2', { kind: 'service', service: 'web' });
  const { steps } = made([damaged], [of('code', 'n2', 'application'), of('papers', 'n1', 'documents')]);
  expect(steps.map(({ name }) => name)).toEqual(['code-on-n2', 'web-on-n2', 'mail-on-n2', 'papers-on-n1']);
});

it('what no step can mend is left to people', () => {
  const { steps, left } = made(
    [look('n1', { kind: 'host' }), look('n1', { kind: 'service', service: 'web' }, 'unknown')],
    [
      of('shop', 'db1', 'database', []),
      { ...of('code', 'db1', 'application'), trouble: ['/opt is a mount point'] },
    ],
  );
  expect(steps).toEqual([]);
  expect(left.map(({ host, what }) => `${host}: ${what.slice(0, 40)}`)).toEqual([
    'n1: n1: it is gone; mend it and start this a',
    'db1: shop on db1 cannot come back: no backup ',
    'db1: code on db1 cannot come back: /opt is a ',
  ]);
});

describe('a service whose release is gone', () => {
  const gone = look('n2', { kind: 'service', service: 'web', releaseGone: true });
  const config = look('n2', { kind: 'config', service: 'web', revision: 'r2' });

  it('is not started, nor configured, where nothing brings it back, and it is said what to do', () => {
    const { steps, left } = made([gone, config, look('n2', { kind: 'packages', packages: ['nginx'] })]);
    expect(steps.map(({ name }) => name)).toEqual(['packages-on-n2', 'mail-on-n2']);
    expect(left).toEqual([
      {
        host: 'n2',
        what: 'web on n2 is not started, and not configured: nothing brings its release back. Name one ({"releases": {"web": {"version": …, "artifact": …}}}), or have its folder as a source of backups',
      },
    ]);
  });

  it('is started behind a source that brings it back to this host', () => {
    const names = (host: string) =>
      made([gone, config], [of('code', host, 'application')]).steps.map(({ name }) => name);
    expect(names('n2')).toEqual(['code-on-n2', 'config-of-web-on-n2', 'web-on-n2', 'mail-on-n2']);
    expect(names('n1')).toEqual(['code-on-n1', 'web-on-n1']);
  });
});

it('hosts that serve come one after the other, each in one go, behind those that serve nobody', () => {
  const web = (host: string, is: Looked['is']) => look(host, { kind: 'service', service: 'web' }, is);
  const nginx = (host: string) => look(host, { kind: 'packages', packages: ['nginx'] });
  const looked = [
    web('n2', 'well'),
    nginx('n2'),
    look('n2', { kind: 'config', service: 'web', revision: 'r' }),
  ];
  const turns = (all: Looked[], ...serving: string[]) =>
    made(all, [], serving).steps.map(({ name, turn }) => `${name}${turn ? ` ${turn}` : ''}`);
  expect(turns([...looked, web('n1', 'damaged'), nginx('n1')], 'n2')).toEqual([
    'packages-on-n1',
    'web-on-n1',
    'packages-on-n2 services',
    'config-of-web-on-n2 services',
    'web-on-n2 services',
    'mail-on-n2 services',
  ]);
  expect(
    turns(
      [web('n1', 'well'), nginx('n1'), ...looked, look('n2', { kind: 'service', service: 'mail' })],
      'n1',
      'n2',
    ),
  ).toEqual([
    'packages-on-n2 services',
    'config-of-web-on-n2 services',
    'mail-on-n2 services',
    'web-on-n2 services',
    'packages-on-n1 services',
    'web-on-n1 services',
  ]);
});

it('packages that nobody can name are left to people', () => {
  const { steps, left } = made([look('n1', { kind: 'packages', packages: [] })]);
  expect([steps, left]).toEqual([
    [],
    [{ host: 'n1', what: expect.stringContaining('nobody can say which packages are damaged') as string }],
  ]);
});
