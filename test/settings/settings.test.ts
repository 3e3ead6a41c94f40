import { randomBytes } from 'node:crypto';
import { PawlError } from '../../src/contracts/failures';
import { codecServerSettings, encryptionSettings, workerSettings } from '../../src/temporal/settings';

const key = randomBytes(32);

function mistakes(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof PawlError && error.type === 'BadInput') return error.message;
  }
  throw new Error('no mistake was found');
}

it('needs nothing', () => {
  expect(workerSettings({ PATH: '/bin', PAWL_BUILD_ID: '' })).toEqual({
    maxActivities: 100,
    shutdownGraceSeconds: 20,
  });
});

it('reads what is set', () => {
  expect(
    workerSettings({
      PAWL_METRICS_ADDRESS: '9464',
      PAWL_BUILD_ID: '1.2.0',
      PAWL_MAX_ACTIVITIES: '20',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
    }),
  ).toEqual({
    maxActivities: 20,
    shutdownGraceSeconds: 20,
    metricsAddress: '127.0.0.1:9464',
    version: { deploymentName: 'pawl', buildId: '1.2.0' },
    tracesUrl: 'http://collector:4318/v1/traces',
  });
});

it('tells all mistakes at once, by the names of the variables', () => {
  const told = mistakes(() =>
    workerSettings({
      PAWL_LOG_LEVEL: 'verbose',
      PAWL_METRICS_ADDRESS: 'all:9464',
      PAWL_BUILD_ID: 'a b',
      PAWL_MAX_ACTIVITIES: 'many',
      PAWL_ENCRYPTION_KEY: `a=env:NOT_THERE,b=${key.toString('base64')}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
    }),
  );
  for (const name of [
    'PAWL_LOG_LEVEL: verbose: one of trace, ',
    'PAWL_METRICS_ADDRESS: all:9464: a port, or an IP address and a port',
    'PAWL_BUILD_ID: a b: letters',
    'PAWL_MAX_ACTIVITIES: many: must be a number',
    'PAWL_ENCRYPTION_KEY: (hidden): a: env:NOT_THERE is empty',
    'PAWL_ENCRYPTION_KEY: (hidden): b: a reference is needed',
    'OTEL_EXPORTER_OTLP_ENDPOINT: collector:4318: an http:// or https:// address',
  ])
    expect(told).toContain(name);
  expect(told).not.toContain(key.toString('base64'));
});

describe('keys', () => {
  const env = { NEW: key.toString('base64'), OLD: key.toString('hex'), SHORT: 'c2hvcnQ=' };

  it('are named; the first encrypts, all decrypt', () => {
    const settings = encryptionSettings({ ...env, PAWL_ENCRYPTION_KEY: '2026b=env:NEW, 2026a=env:OLD' });
    expect(settings?.plaintext).toBe('refuse');
    expect(settings?.keys.current).toEqual({ id: '2026b', bytes: key });
    expect([...(settings?.keys.byId.keys() ?? [])]).toEqual(['2026b', '2026a']);
  });

  it.each([
    ['a=env:SHORT', '32 bytes are needed'],
    ['a=env:NEW,a=env:OLD', 'two keys have the same name'],
    ['a=file:/nowhere/key', 'file:/nowhere/key: ENOENT'],
    ['env:NEW', 'entry 1: must be NAME=REFERENCE'],
  ])('%s: %s', (PAWL_ENCRYPTION_KEY, words) => {
    expect(mistakes(() => workerSettings({ ...env, PAWL_ENCRYPTION_KEY }))).toContain(words);
  });

  it('are what a codec server cannot do without', () => {
    expect(mistakes(() => codecServerSettings({}))).toContain('PAWL_ENCRYPTION_KEY');
    const settings = codecServerSettings({
      ...env,
      PAWL_ENCRYPTION_KEY: 'a=env:NEW',
      PAWL_UI_URL: 'https://temporal.example/ui',
      PAWL_CODEC_TOKEN: 'env:SHORT',
    });
    expect(settings).toMatchObject({
      address: '127.0.0.1:8081',
      origin: 'https://temporal.example',
      token: 'c2hvcnQ=',
    });
  });
});
