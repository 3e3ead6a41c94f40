import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectionConfig, projectRoot } from '../../src/temporal/connection';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'pawl-root-'))));
afterEach(() => rmSync(root, { recursive: true }));

function write(name: string, content: string): string {
  mkdirSync(join(root, '.pawl'), { recursive: true });
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

/** No profile of this machine. */
const none = () => ({ TEMPORAL_CONFIG_FILE: join(root, 'none.toml') });
const address = (env: NodeJS.ProcessEnv) => connectionConfig(env, root).connectionOptions.address;
const here = { address: '127.0.0.1:4711', uiUrl: 'http://127.0.0.1:4712/', namespace: 'lab' };

it("is Temporal's default where nothing is said", () => {
  expect(connectionConfig(none(), root)).toMatchObject({
    connectionOptions: { address: 'localhost:7233' },
    namespace: 'default',
    uiUrl: 'http://localhost:8233',
  });
});

it('is the server that was started here', () => {
  write('.pawl/connection.json', JSON.stringify(here));
  expect(connectionConfig(none(), root)).toMatchObject({
    connectionOptions: { address: here.address },
    namespace: 'lab',
    uiUrl: 'http://127.0.0.1:4712',
  });
});

it("gives way to Temporal's own settings", () => {
  write('.pawl/connection.json', JSON.stringify(here));
  const TEMPORAL_CONFIG_FILE = write(
    'temporal.toml',
    '[profile.default]\naddress = "profile:1"\nnamespace = "theirs"\n[profile.bare]\nnamespace = "bare"\n',
  );
  expect(address({ TEMPORAL_CONFIG_FILE })).toBe('profile:1');
  expect(address({ TEMPORAL_CONFIG_FILE, TEMPORAL_ADDRESS: 'env:2' })).toBe('env:2');
  expect(address({ TEMPORAL_CONFIG_FILE, TEMPORAL_ADDRESS: '' })).toBe('profile:1');
  const bare = connectionConfig({ TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE: 'bare' }, root);
  expect(bare).toMatchObject({ connectionOptions: { address: here.address }, namespace: 'bare' });
  const elsewhere = connectionConfig({ ...none(), TEMPORAL_ADDRESS: 'env:2' }, root);
  expect(elsewhere.uiUrl).toBeUndefined();
  expect(elsewhere.namespace).toBe('default');
});

it('takes the web interface that is named', () => {
  const env = { ...none(), TEMPORAL_ADDRESS: 'env:2', PAWL_UI_URL: 'https://temporal.example/' };
  expect(connectionConfig(env, root).uiUrl).toBe('https://temporal.example');
});

it('says which settings cannot be read', () => {
  const TEMPORAL_CONFIG_FILE = write('temporal.toml', '[profile');
  expect(() => connectionConfig({ TEMPORAL_CONFIG_FILE }, root)).toThrow(
    "Temporal's connection settings cannot be read",
  );
  write('.pawl/connection.json', '{');
  expect(() => connectionConfig(none(), root)).toThrow('npm run up');
});

it('knows the root of the clone', () => {
  expect(projectRoot()).toBe(join(__dirname, '../..'));
});
