/** Configuration by somebody who has nothing but Temporal's web interface: brought, watched, edited by hand, seen. */
import { dirname, join } from 'node:path';
import { commitAll } from '../commit';
import { expectAllIn } from '../lab/whole-run';
import { opened } from './opened';

const at = opened('test-ui-config', 3);

const CONFIG = `targets:
  - { path: /etc/web/settings.json, source: settings.json.liquid, after: { restart: web.service }, served: { port: 8080, path: /config, contains: '{{ revision }}' } }
`;
const record = { what: 'slower answers', why: 'a test', impact: 'a restart each', rollback: 'by itself' };
const quick = { minHealthySeconds: 1, watchSeconds: 1, gate: { enabled: false } };
const commit = (addMs: number) =>
  commitAll(join(dirname(at.ground.cluster), 'config'), {
    'web/config.yaml': CONFIG,
    'web/files/settings.json.liquid': `{ "revision": "{{ revision }}",\n  "addMs": ${addMs} }\n`,
  });

it('files are brought, with what is different before one’s eyes, and the next batch begins when one says so', () =>
  at.ui.scene('ui-config', async () => {
    await commit(1);
    const input = { ...at.target(), ...quick, revision: 'main' };
    await at.ui.start('config-bad', { ...input, batches: [0] }, 'configCanary');
    const mistakes = await at.ui.details(/failed: /);
    expect(mistakes).toMatch(/batches\.0: at least 1/);
    await at.ui.start('config-none', input, 'configCanary');
    expect(await at.ui.details(/failed: /)).toMatch(/record: needed: what, why, impact and rollback/);
    const batches = [{ to: 1, soakSeconds: 7_200 }, '100%'];
    await at.ui.start('config-web', { ...input, record, batches }, 'configCanary');
    const soaking = await at.ui.details(/soaking batch 1 for 7200 s/);
    expect(soaking).toMatch(/\+ {2}"addMs": 1 }/);
    expect(soaking).toContain('what: slower answers');
    await at.ui.look('ui-config-soaking');
    await at.ui.update('promote', '{"by":"ann"}');
    await at.ui.details(/web has configuration [0-9a-f]{12} on 3 hosts/);
    await at.ui.look('ui-config-end');
    await at.ui.badge('Completed');
    await expectAllIn(at.ground);
  }));

it('what somebody has edited by hand is found, and shown', () =>
  at.ui.scene('ui-drift', async () => {
    await at.ground.inside('n2', 'sed', '-i', 's/"addMs": 1/"addMs": 9/', '/etc/web/settings.json');
    await at.ui.start('drift-web', { ...at.target(), revision: 'main' }, 'configDrift');
    const found = await at.ui.details(/succeeded: /);
    expect(found).toMatch(/n2.*\/etc\/web\/settings\.json.*edited by hand/s);
    expect(found).toContain('configCanary');
    await at.ui.look('ui-drift-end');
    await at.ui.badge('Completed');
  }));
