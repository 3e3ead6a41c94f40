import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout as delay } from 'node:timers/promises';
import { unlessAborted } from '../../src/adapters/abort';
import { within } from '../../src/adapters/deadline';

const forEver = new Promise<never>(() => undefined);

it('ends after its time, whatever garbage is collected meanwhile', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const caller = new AbortController().signal;
  let passed = false;
  const work = within(200, caller, (deadline) =>
    unlessAborted(forEver, deadline.signal).finally(() => (passed = deadline.passed)),
  );
  const waiting = expect(work).rejects.toThrow('no end within 0.2 s');
  for (let times = 0; times < 3; times += 1) {
    await delay(20);
    collect();
  }
  await waiting;
  expect(passed).toBe(true);
});

it('ends with its caller, and is none of its time', async () => {
  const caller = new AbortController();
  let passed: boolean | undefined;
  const work = within(60_000, caller.signal, (deadline) =>
    unlessAborted(forEver, deadline.signal).finally(() => (passed = deadline.passed)),
  );
  caller.abort(new Error('enough'));
  await expect(work).rejects.toThrow('enough');
  expect(passed).toBe(false);
});

it('leaves nothing at a signal that lives on', async () => {
  const caller = new AbortController().signal;
  await expect(within(60_000, caller, () => Promise.resolve('done'))).resolves.toBe('done');
  await expect(within(60_000, caller, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(getEventListeners(caller, 'abort')).toEqual([]);
});
