/** What a look for drift sees, made up. */
import type { DriftKind, DriftLook, Finding } from '../../src/contracts/config-drift';
import { isMended, keysOf } from '../../src/domain/config/drift';

/** @param found `n1 /etc/a edited X`: host, path, kind, and what tells it from others */
export function driftLook(found: readonly string[], more: Partial<DriftLook> = {}): DriftLook {
  const findings = found.map((text): Finding => {
    const [host = '', path = '', kind = '', is = ''] = text.split(' ');
    return {
      host,
      path,
      kind: kind as DriftKind,
      text: 'as somebody has made it',
      key: `${path}${kind}${is}`,
    };
  });
  const mended = keysOf(findings, isMended);
  const hosts = Object.keys(mended);
  const is = (name: string) => {
    const own = findings.filter(({ host }) => host === name);
    if (own.length === 0) return 'asWanted';
    return own[0]!.kind === 'unreachable' ? 'unreachable' : 'drifted';
  };
  return {
    ...{ cluster: 'fake', file: 'fake.yaml', service: 'web', wanted: 'web/1', revision: 'abc' },
    hosts: ['n1', 'n2', 'n3'].map((name) => ({ name, label: 'abc', is: is(name) })),
    ...{ findings, moreFindings: 0, diffs: [], moreDiffs: 0, keys: keysOf(findings), mended },
    correction: hosts.length ? { cluster: 'fake.yaml', service: 'web', hosts, revision: 'web/1' } : null,
    correctionId: `config-web-drift-${hosts.join('-')}`,
    ...{ mayCorrect: false, correct: false, dryRun: false, notes: [] },
    ...more,
  };
}
