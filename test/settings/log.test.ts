import { randomBytes } from 'node:crypto';
import { readSecret } from '../../src/adapters/secrets';
import { openLog } from '../../src/temporal/log';

function lines(write: (log: ReturnType<typeof openLog>) => void, env: NodeJS.ProcessEnv = {}) {
  const written: string[] = [];
  write(openLog(env, { write: (line) => written.push(line) }));
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('is JSON with what belongs to a line, errors with their stack', () => {
  const [line] = lines((log) => log.error({ workflowId: 'w', host: 'n1', error: new Error('broken') }, 'no'));
  expect(line).toMatchObject({ level: 50, msg: 'no', workflowId: 'w', host: 'n1' });
  expect(line).toMatchObject({ error: { message: 'broken', stack: expect.stringContaining('at ') } });
});

it('hides what is secret by its name, however deep', () => {
  const service = { name: 'web', db: [{ password: 'sesame', port: 1 }] };
  const [line] = lines((log) => log.info({ service, apiKey: 'k' }));
  expect(line).toMatchObject({
    apiKey: '(hidden)',
    service: { name: 'web', db: [{ password: '(hidden)', port: 1 }] },
  });
});

it('hides secrets that were read by reference wherever they appear', () => {
  const secret = randomBytes(32).toString('base64');
  readSecret('env:THE_SECRET', { THE_SECRET: `${secret}\n` });
  const [line] = lines((log) =>
    log.warn({ error: new Error(`login with ${secret} failed`) }, `so ${secret}`),
  );
  expect(JSON.stringify(line)).not.toContain(secret);
  expect(line).toMatchObject({ msg: 'so (hidden)' });
});

it('has levels; one that does not exist is info', () => {
  const write = (log: ReturnType<typeof openLog>) => (log.debug('a'), log.info('b'), log.error('c'));
  const said = (level: string) => lines(write, { PAWL_LOG_LEVEL: level }).map(({ msg }) => msg);
  expect(said('debug')).toEqual(['a', 'b', 'c']);
  expect(said('error')).toEqual(['c']);
  expect(said('silent')).toEqual([]);
  expect(said('loud')).toEqual(['b', 'c']);
});
