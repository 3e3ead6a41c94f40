/** What a health check that fails is told as. */
import { askHealth } from '../../src/activities/probe';
import { PawlError } from '../../src/contracts/failures';
import type { RemoteHost } from '../../src/contracts/world';

it('why nobody answers is told to its end', async () => {
  const why = '127.0.0.1:8081 from n1 is refused: (SSH) Channel open failure: Connection refused';
  const remote = {
    openTcp: () => Promise.reject(new PawlError('StreamRefused', why)),
  } as unknown as RemoteHost;
  const health = { path: '/health', timeoutSeconds: 5 };
  const { fault } = await askHealth(remote, { port: 8081, health }, new AbortController().signal);
  expect(fault).toBe(`/health answers nothing: ${why}`);
});
