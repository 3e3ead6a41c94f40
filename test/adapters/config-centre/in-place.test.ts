import { whyOut } from '../../../src/adapters/config-centre/in-place';
import { ConfigTarget } from '../../../src/contracts/config-set';

const file = (after: ConfigTarget['after'], more: Partial<ConfigTarget> = {}) => ({
  target: ConfigTarget.parse({ path: '/etc/a', source: 'x', after, ...more }),
  bytes: Buffer.from('x'),
});

it.each([
  ['nothing', {}, []],
  ['nothing', { inPlace: false }, ['nothing follows']],
  [{ reload: 'web.service' }, {}, []],
  [{ reload: 'web.service' }, { inPlace: false }, ['reload web.service']],
  [{ restart: 'cron.service' }, {}, ['restart cron.service']],
  [{ restart: 'cron.service' }, { inPlace: true }, []],
  [{ restart: 'web.service' }, { inPlace: true }, ['restart web.service']],
  [{ run: ['sysctl', '-p'] }, {}, ['run sysctl -p']],
  [{ run: ['sysctl', '-p'] }, { inPlace: true }, []],
] as const)('%j with %j: a host leaves for %j', (after, more, why) => {
  expect(whyOut([file(after as ConfigTarget['after'], more)], 'web.service', ['/etc/a'])).toEqual(why);
});

it('what follows on two files is one thing, and counts only where one of them is another one', () => {
  const files = [
    file({ reload: 'nginx.service' }),
    file({ reload: 'nginx.service' }, { path: '/etc/b', inPlace: false }),
    file({ restart: 'web.service' }, { path: '/etc/c' }),
  ];
  expect(whyOut(files, 'web.service', ['/etc/a'])).toEqual(['reload nginx.service']);
  expect(whyOut(files, 'web.service', ['/etc/c', '/etc/b'])).toEqual([
    'reload nginx.service',
    'restart web.service',
  ]);
  expect(whyOut(files, 'web.service', [])).toEqual([]);
});
