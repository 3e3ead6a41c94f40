/** Who may change what: real git, real keys, and hosts that say what they have. */
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { judgeRights } from '../../src/activities/plan/config-rights';
import type { World } from '../../src/activities/world';
import { openCentre } from '../../src/adapters/config-centre';
import { Rights, type Right } from '../../src/contracts/config-centre';
import type { PawlError } from '../../src/contracts/failures';
import { SignedCentre } from '../adapters/config-centre/people';

const ANN = 'ann@example.org';
const BOB = 'bob@example.org';
const RULES: Right[] = [
  { paths: ['web/**'], signers: [ANN] },
  { paths: ['web/values/**'], signers: [ANN, BOB], requesters: ['carol'] },
];
const FILES = { 'web/config.yaml': 'a', 'web/values/n1.yaml': 'a', 'other/x': 'a' };

let centre: SignedCentre;
let first: string;
beforeEach(() => {
  centre = new SignedCentre();
  first = centre.commit('ann', FILES);
});
afterEach(() => centre.remove());
jest.setTimeout(30_000);

interface Case {
  rules?: Right[];
  since?: string;
  by?: string;
  /** what each host has; undefined: it has none */
  has?: (string | undefined)[];
}

/** @returns `path: value` of each breach */
async function judge(commit: string, { rules = RULES, since, by, has = [first.slice(0, 12)] }: Case = {}) {
  const rights = Rights.parse({ rules, since, allowedSigners: 'allowed-signers' });
  const world = {
    folder: centre.folder,
    cluster: { config: { repository: 'centre', rights } },
    hosts: {
      on: (name: string) => ({
        run: () => {
          const label = has[Number(name)];
          const stdout = label === undefined ? '' : `current ${'0'.repeat(64)} ${label}\n`;
          return Promise.resolve({ code: 0, stdout, stderr: '' });
        },
      }),
    },
  } as unknown as World;
  const signal = new AbortController().signal;
  const asked = {
    ...{ config: { set: 'web', commit }, centre: await openCentre(world, { signal }), by },
    hosts: has.map((_, index) => ({ name: String(index), places: [] })),
  };
  const { mistakes, notes } = await judgeRights(world, asked, signal);
  return { told: mistakes.map(({ path, value }) => `${path}: ${value}`), mistakes, notes };
}
const told = async (commit: string, what?: Case) => (await judge(commit, what)).told;
const short = (commit: string) => commit.slice(0, 12);

it('a change that was signed by somebody who may is none to speak of, and it is said who signed', async () => {
  const commit = centre.commit('ann', { 'web/config.yaml': 'b', 'web/values/n1.yaml': 'b' });
  expect(await judge(commit)).toEqual({
    ...{ told: [], mistakes: [] },
    notes: [`commit ${short(commit)} signed by ${ANN}`],
  });
});

it('every commit on the way counts, and the last rule that fits a file', async () => {
  const values = centre.commit('bob', { 'web/values/n1.yaml': 'b' });
  const config = centre.commit('bob', { 'web/config.yaml': 'b', 'web/values/n1.yaml': 'c' });
  const last = centre.commit('ann', { 'web/config.yaml': 'c' });
  centre.commit('eve!', { 'other/x': 'b' });
  expect(await told(values)).toEqual([]);
  const { told: breaches, mistakes } = await judge(last);
  expect(breaches).toEqual([`${short(config)} web/config.yaml: signed by ${BOB}`]);
  expect(mistakes[0]!.rule).toBe(`a commit signed by ${ANN} may change it`);
});

it('who asks may bring what nobody signed, where the rule says so', async () => {
  const commit = centre.commit('eve!', { 'web/values/n1.yaml': 'b' });
  expect(await told(commit, { by: 'carol' })).toEqual([]);
  const { told: breaches, mistakes } = await judge(commit, { by: 'dave' });
  expect(breaches).toEqual([`${short(commit)} web/values/n1.yaml: no signature by an SSH key, author eve`]);
  expect(mistakes[0]!.rule).toBe(
    `a commit signed by ${ANN} or ${BOB} may change it; a change that carol asks for (by) may bring it`,
  );
  const anybody: Right[] = [{ paths: ['**'], requesters: ['*'] }];
  expect(await told(commit, { rules: [...RULES, ...anybody] })).toEqual([]);
});

describe('signatures that do not count', () => {
  const past = { GIT_COMMITTER_DATE: '2020-01-01T00:00:00Z' };
  it.each<[string, (made: SignedCentre) => string, string]>([
    [
      'none',
      (made) => made.commit('ann!', { 'web/config.yaml': 'b' }),
      'no signature by an SSH key, author ann',
    ],
    [
      'one by a key that nobody knows',
      (made) => made.commit('eve', { 'web/config.yaml': 'b' }),
      'signed with a key that allowedSigners does not know, SHA256:',
    ],
    [
      'one by a key that is not valid any more',
      (made) => {
        made.allowLines(made.line('ann', 'valid-before="20200101"'), made.line('bob'));
        return made.commit('ann', { 'web/config.yaml': 'b' });
      },
      `signed with a key of ${ANN} that did not count at that time`,
    ],
    [
      'one by a key that was not valid yet',
      (made) => {
        made.allowLines(made.line('ann', 'valid-after="20210101"'), made.line('bob'));
        return made.commit('ann', { 'web/config.yaml': 'b' }, past);
      },
      `signed with a key of ${ANN} that did not count at that time`,
    ],
    [
      'one by a key that is for something else',
      (made) => {
        made.allowLines(made.line('ann', 'namespaces="file"'), made.line('bob'));
        return made.commit('ann', { 'web/config.yaml': 'b' });
      },
      'its signature does not hold',
    ],
    [
      'one of another commit',
      (made) => {
        const signed = made.git('cat-file', 'commit', made.commit('ann', { 'web/config.yaml': 'b' }));
        writeFileSync(join(made.folder, 'tampered'), `${signed.replace('by ann', 'by eve')}\n`);
        const commit = made.git('hash-object', '-t', 'commit', '-w', join(made.folder, 'tampered'));
        made.git('update-ref', 'refs/heads/main', commit);
        return commit;
      },
      'its signature does not hold',
    ],
    [
      'one by PGP, which runs nothing',
      (made) => {
        const plain = made.git('cat-file', 'commit', made.commit('ann!', { 'web/config.yaml': 'b' }));
        const signature =
          'gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\nby ann';
        writeFileSync(join(made.folder, 'pgp'), `${plain.replace('\nby ann', `${signature}`)}\n`);
        const commit = made.git('hash-object', '-t', 'commit', '-w', join(made.folder, 'pgp'));
        made.git('update-ref', 'refs/heads/main', commit);
        return commit;
      },
      'no signature by an SSH key, author ann',
    ],
    [
      'one by somebody who may not',
      (made) => made.commit('bob', { 'web/config.yaml': 'b' }),
      `signed by ${BOB}`,
    ],
  ])('%s', async (_, make, words) => {
    const commit = make(centre);
    const [breach, ...more] = await told(commit);
    expect(more).toEqual([]);
    expect(breach).toContain(`${short(commit)} web/config.yaml: ${words}`);
  });
});

describe('merges', () => {
  /** Two branches that change one file each, signed by who may. */
  function branches() {
    const one = centre.commit('ann', { 'web/config.yaml': 'b' });
    centre.git('checkout', '--quiet', '-b', 'side', first);
    const other = centre.commit('bob', { 'web/values/n1.yaml': 'b' });
    centre.git('checkout', '--quiet', 'main');
    return { one, other };
  }
  const pushed = (commit: string) => {
    centre.git('update-ref', 'refs/heads/main', commit);
    return commit;
  };

  it('that are clean change nothing themselves, whoever makes them', async () => {
    const { other } = branches();
    centre.gitAs('eve', {}, 'merge', '--quiet', '--no-edit', '--no-ff', other);
    expect(await told(centre.head())).toEqual([]);
  });

  it('that bring what no parent has answer for it', async () => {
    const { one, other } = branches();
    centre.git('checkout', '--quiet', '--detach');
    const evil = centre.tree(centre.commit('eve!', { 'web/config.yaml': 'evil', 'web/new': 'evil' }));
    const merge = pushed(centre.merge('eve!', [one, other], evil));
    expect(await told(merge)).toEqual([
      `${short(merge)} web/config.yaml: no signature by an SSH key, author eve`,
      `${short(merge)} web/new: no signature by an SSH key, author eve`,
      `${short(merge)} web/values/n1.yaml: no signature by an SSH key, author eve`,
    ]);
    expect(await told(pushed(centre.merge('ann', [one, other], evil)))).toEqual([]);
  });

  it('that take a file back to what an older parent has answer for it', async () => {
    const { one } = branches();
    const merge = pushed(centre.merge('eve!', [one, first], centre.tree(first)));
    expect(await told(merge, { has: [short(one)] })).toEqual([
      `${short(merge)} web/config.yaml: no signature by an SSH key, author eve`,
    ]);
  });

  it('that drop what one side has changed answer for it', async () => {
    const { one, other } = branches();
    const merge = pushed(centre.merge('eve!', [one, other], centre.tree(one)));
    expect(await told(merge)).toEqual([
      `${short(merge)} web/values/n1.yaml: no signature by an SSH key, author eve`,
    ]);
  });

  it('that take a file back, or drop a change, answer for it to hosts of which nothing is known, too', async () => {
    const { one, other } = branches();
    const back = pushed(centre.merge('eve!', [one, first], centre.tree(first)));
    expect(await told(back, { has: [undefined] })).toEqual([
      `${short(back)} web/config.yaml: no signature by an SSH key, author eve`,
    ]);
    const drop = pushed(centre.merge('eve!', [one, other], centre.tree(one)));
    expect(await told(drop, { has: [undefined] })).toEqual([
      `${short(drop)} web/values/n1.yaml: no signature by an SSH key, author eve`,
    ]);
    centre.git('reset', '--quiet', '--hard', one);
    centre.gitAs('eve', {}, 'merge', '--quiet', '--no-edit', '--no-ff', other);
    expect(await told(centre.head(), { has: [undefined] })).toEqual([]);
  });

  it('of histories that have nothing in common answer for what is in both', async () => {
    centre.git('checkout', '--quiet', '--orphan', 'lone');
    const lone = centre.commit('ann', { 'web/config.yaml': 'lone' });
    const merge = pushed(centre.merge('eve!', [first, lone], centre.tree(lone)));
    expect(await told(merge)).toEqual([
      `${short(merge)} web/config.yaml: no signature by an SSH key, author eve`,
    ]);
  });
});

describe('what hosts have', () => {
  it('a file that goes back answers for whoever put it there', async () => {
    const rogue = centre.commit('eve!', { 'web/values/n1.yaml': 'b' });
    const good = centre.commit('ann', { 'web/values/n1.yaml': 'c', 'web/config.yaml': 'c' });
    expect(await told(first, { has: [short(good)] })).toEqual([]);
    expect(await told(rogue, { has: [short(good)] })).toEqual([
      `${short(rogue)} web/values/n1.yaml: no signature by an SSH key, author eve`,
    ]);
  });

  it('no host vouches for another one', async () => {
    const rogue = centre.commit('eve!', { 'web/config.yaml': 'b' });
    const good = centre.commit('ann', { 'web/values/n1.yaml': 'c' });
    const breach = [`${short(rogue)} web/config.yaml: no signature by an SSH key, author eve`];
    expect(await told(good, { has: [short(rogue)] })).toEqual([]);
    expect(await told(good, { has: [short(rogue), short(first)] })).toEqual(breach);
    expect(await told(good, { has: [short(rogue), undefined] })).toEqual(breach);
  });

  it.each([undefined, 'before-0123', '0123456789ab', '--all'])(
    'where it is %s, each file answers for whoever put it there',
    async (label) => {
      const rogue = centre.commit('eve!', { 'web/values/n1.yaml': 'b' });
      const values = centre.commit('bob', { 'web/values/n1.yaml': 'c' });
      expect(await told(values, { has: [label] })).toEqual([]);
      expect(await told(rogue, { has: [label] })).toEqual([
        `${short(rogue)} web/values/n1.yaml: no signature by an SSH key, author eve`,
      ]);
    },
  );

  it('what was there with `since` counts as right, and nothing after it', async () => {
    const rogue = centre.commit('eve!', { 'web/values/n1.yaml': 'b', 'web/config.yaml': 'b' });
    const next = centre.commit('eve!', { 'web/config.yaml': 'c' });
    for (const has of [[undefined], [short(first)], [short(first), undefined]]) {
      expect(await told(rogue, { has, since: rogue })).toEqual([]);
      expect(await told(next, { has, since: rogue })).toEqual([
        `${short(next)} web/config.yaml: no signature by an SSH key, author eve`,
      ]);
    }
    expect(await told(first, { has: [short(next)], since: rogue })).toEqual([]);
    const { mistakes } = await judge(next, { since: 'f'.repeat(40) });
    expect(mistakes).toMatchObject([{ path: 'config.rights.since' }]);
  });
});

describe('a repository that was prepared', () => {
  const rogue = () => centre.commit('eve!', { 'web/config.yaml': 'evil' });
  const ran = () => join(centre.folder, 'ran');
  const program = () => {
    const file = join(centre.folder, 'evil.sh');
    writeFileSync(
      file,
      `#!/bin/sh\ntouch ${ran()}\necho 'Good "git" signature for ${ANN} with ED25519 key SHA256:x'\n`,
    );
    chmodSync(file, 0o755);
    return file;
  };
  const own = (text: string) => appendFileSync(join(centre.repository, '.git/config'), text);

  it.each<[string, (commit: string) => void]>([
    [
      'hooks',
      () => {
        for (const hook of ['post-checkout', 'reference-transaction', 'pre-auto-gc', 'post-upload-pack'])
          writeFileSync(join(centre.repository, '.git/hooks', hook), `#!/bin/sh\ntouch ${ran()}\n`, {
            mode: 0o755,
          });
        own(`[core]\n\thooksPath = ${join(centre.repository, '.git/hooks')}\n`);
      },
    ],
    [
      'programs in its settings',
      () => {
        const file = program();
        own(
          `[gpg]\n\tprogram = ${file}\n[gpg "ssh"]\n\tprogram = ${file}\n\tallowedSignersFile = /dev/null\n` +
            `[core]\n\tfsmonitor = ${file}\n\tsshCommand = ${file}\n\tpager = ${file}\n\tgitProxy = ${file}\n\talternateRefsCommand = ${file}\n` +
            `[uploadpack]\n\tpackObjectsHook = ${file}\n[diff]\n\texternal = ${file}\n[filter "x"]\n\tsmudge = ${file}\n\tprocess = ${file}\n` +
            `[diff "x"]\n\ttextconv = ${file}\n\tcommand = ${file}\n[credential]\n\thelper = ${file}\n[log]\n\tshowSignature = true\n[alias]\n\tlog = !${file}\n`,
        );
        mkdirSync(join(centre.repository, '.git/info'), { recursive: true });
        writeFileSync(join(centre.repository, '.git/info/attributes'), '* filter=x diff=x\n');
      },
    ],
    [
      'settings that are included',
      () => {
        writeFileSync(
          join(centre.folder, 'included'),
          `[core]\n\tfsmonitor = ${program()}\n[gpg "ssh"]\n\tprogram = ${program()}\n`,
        );
        own(`[include]\n\tpath = ${join(centre.folder, 'included')}\n`);
      },
    ],
    [
      'a replaced commit',
      (commit) => {
        const signed = centre.merge('ann', [first], centre.tree(commit));
        centre.git('replace', '-f', commit, signed);
      },
    ],
    [
      'objects of others',
      () => {
        mkdirSync(join(centre.repository, '.git/objects/info'), { recursive: true });
        writeFileSync(join(centre.repository, '.git/objects/info/alternates'), `${centre.folder}/none\n`);
      },
    ],
    [
      'a promise to fetch what is missing',
      () =>
        own(
          `[remote "evil"]\n\turl = ext::${program()}\n\tpromisor = true\n\tuploadpack = ${program()}\n[extensions]\n\tpartialClone = evil\n[core]\n\trepositoryformatversion = 1\n`,
        ),
    ],
    [
      'a submodule',
      () => {
        writeFileSync(
          join(centre.repository, '.gitmodules'),
          `[submodule "x"]\n\tpath = web/sub\n\turl = ext::${program()}\n\tupdate = !${program()}\n`,
        );
      },
    ],
    ['a branch that has the name of a commit', (commit) => centre.git('branch', short(first), commit)],
  ])('%s: deceives nobody, and runs nothing', async (_, prepare) => {
    const commit = rogue();
    prepare(commit);
    expect(await told(commit)).toEqual([
      `${short(commit)} web/config.yaml: no signature by an SSH key, author eve`,
    ]);
    expect(existsSync(ran())).toBe(false);
  });

  it('a grafted history is not what was signed', async () => {
    const commit = rogue();
    mkdirSync(join(centre.repository, '.git/info'), { recursive: true });
    writeFileSync(join(centre.repository, '.git/info/grafts'), `${commit}\n`);
    await expect(judge(commit)).rejects.toMatchObject({ type: 'RepositoryUnavailable' });
  });

  it('a tree in the place of the one that was signed is found', async () => {
    const commit = centre.commit('ann', { 'web/config.yaml': 'b' });
    const evil = centre.git('rev-parse', `${centre.commit('eve!', { 'web/config.yaml': 'evil' })}:web`);
    const good = centre.git('rev-parse', `${commit}:web`);
    const place = (object: string) =>
      join(centre.repository, '.git/objects', object.slice(0, 2), object.slice(2));
    centre.git('update-ref', 'refs/heads/main', commit);
    chmodSync(place(good), 0o644);
    copyFileSync(place(evil), place(good));
    await expect(judge(commit)).rejects.toMatchObject({ type: 'RepositoryUnavailable' });
  });
});

describe('keys', () => {
  const refused = async (rules = RULES) => {
    const commit = centre.commit('ann', { 'web/config.yaml': 'b' });
    const error = await judge(commit, { rules }).then(
      () => undefined,
      (thrown: PawlError) => thrown,
    );
    return error?.message ?? '';
  };

  it('of people whom the rules name must be there', async () => {
    expect(await refused([{ paths: ['**'], signers: ['anna@example.org'] }])).toContain(
      'config.rights.rules.0.signers.0: anna@example.org: there is no such name (did you mean "ann@example.org"?)',
    );
  });

  it('must be readable, every line of them', async () => {
    centre.allowLines(centre.line('ann'), 'ann ssh-ed25519\n', 'nonsense\n', centre.line('bob'));
    const message = await refused();
    for (const line of [3, 4]) expect(message).toContain(`allowed-signers:${line}: no line of ssh-keygen’s`);
  });

  it('in the repository are refused: who changes that would change who may', async () => {
    writeFileSync(join(centre.repository, 'signers'), centre.line('eve'));
    rmSync(centre.signersFile);
    symlinkSync(join(centre.repository, 'signers'), centre.signersFile);
    expect(await refused()).toContain('must not lie in the repository');
  });
});
