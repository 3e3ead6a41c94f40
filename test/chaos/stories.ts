/** What is asked of Pawl in a case, and how it must look when it is over, whatever struck meanwhile. */
import { makeRelease, type Behaviour } from '../../lab/service';
import type { ChaosCase, Story } from './cases';

export interface Wanted {
  /** of the run, as `ended` tells it */
  end: 'succeeded' | 'RolledBack';
  /** by host: the versions that the service must have been started in, in order; one job for each */
  starts: Record<string, string[]>;
  version: string;
}

/** On n2 only: there the check of `lateRefusal` fails. */
export const REFUSAL = '/run/pawl-chaos-refusal';

const SPOILT: Behaviour = { badPath: '/path/one' };
const CHECKS: Record<Story, object[]> = {
  upgrade: [],
  badRelease: [{ name: 'path-one', http: { path: '/path/one' } }],
  lateRefusal: [{ name: 'not-refused', command: ['test', '!', '-e', REFUSAL] }],
};

/** As quick as can be, unless it is the observations that are struck. */
export function inputOf({ story, activity }: ChaosCase, version: string, artifact: object): object {
  const times = activity === 'watchHosts' ? {} : { soakSeconds: 0, watchSeconds: 0 };
  return { version, artifact, checks: CHECKS[story], ...times };
}

export function releaseOf(story: Story, version: string) {
  return makeRelease({ version, behaviour: story === 'badRelease' ? SPOILT : {} });
}

/** @param now the version that all hosts run before */
export function wanted(story: Story, now: string, next: string): Wanted {
  const undone = [next, now];
  switch (story) {
    case 'upgrade':
      return { end: 'succeeded', starts: { n1: [next], n2: [next] }, version: next };
    case 'badRelease':
      return { end: 'RolledBack', starts: { n1: undone, n2: [] }, version: now };
    case 'lateRefusal':
      return { end: 'RolledBack', starts: { n1: undone, n2: undone }, version: now };
  }
}
