/** What is asked of Pawl in a case, and how it must look when it is over, whatever struck meanwhile. */
import { makeRelease, type Behaviour } from '../../lab/service';
import type { ChaosCase, Story } from './cases';

export interface WantedHost {
  /** versions that the service must have been started in, in order; there is one job for each */
  starts: string[];
  version: string;
  /** not in rotation, and listed as left to do */
  left?: true;
  /** ran the new version before this run's plan was made: the report does not speak of it */
  unplanned?: boolean;
}

export interface Wanted {
  /** of the run, as `ended` tells it */
  end: 'succeeded' | 'RolledBack' | 'Frozen';
  hosts: Record<'n1' | 'n2', WantedHost>;
}

/** On n2 only: there the check of `lateRefusal` fails. */
export const REFUSAL = '/run/pawl-chaos-refusal';

const SPOILT: Behaviour = { badPath: '/path/one' };
const PATH_ONE = { name: 'path-one', http: { path: '/path/one' } };
const CHECKS: Record<Story, object[]> = {
  upgrade: [],
  badRelease: [PATH_ONE],
  leftAsIs: [PATH_ONE],
  lateRefusal: [{ name: 'not-refused', command: ['test', '!', '-e', REFUSAL] }],
};

/** As quick as can be, unless it is the observations that are struck. */
export function inputOf({ story, activity }: ChaosCase, version: string, artifact: object): object {
  const times = activity === 'watchHosts' ? {} : { soakSeconds: 0, watchSeconds: 0 };
  const onFailure = story === 'leftAsIs' ? 'freeze' : 'undo';
  return { version, artifact, checks: CHECKS[story], onFailure, ...times };
}

export function releaseOf(story: Story, version: string) {
  const spoilt = story === 'badRelease' || story === 'leftAsIs';
  return makeRelease({ version, behaviour: spoilt ? SPOILT : {} });
}

/** @param now the version that all hosts run before */
export function wanted(story: Story, now: string, next: string): Wanted {
  const untouched = (): WantedHost => ({ starts: [], version: now });
  const changed = (): WantedHost => ({ starts: [next], version: next });
  const undone = (): WantedHost => ({ starts: [next, now], version: now });
  switch (story) {
    case 'upgrade':
      return { end: 'succeeded', hosts: { n1: changed(), n2: changed() } };
    case 'badRelease':
      return { end: 'RolledBack', hosts: { n1: undone(), n2: untouched() } };
    case 'lateRefusal':
      return { end: 'RolledBack', hosts: { n1: undone(), n2: undone() } };
    case 'leftAsIs':
      return { end: 'Frozen', hosts: { n1: { ...changed(), left: true }, n2: untouched() } };
  }
}
