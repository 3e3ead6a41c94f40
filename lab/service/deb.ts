import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LabError } from '../error';
import { run } from '../hosts/command';
import { exec } from '../hosts/inside';
import { hostRoot } from '../hosts/topology';
import { asset } from '../paths';
import { build, STAMP, writeRelease, type Artifact, type ReleaseOptions } from './release';

/** Name of the Debian package, whose unit `webdeb.service` serves on port 8081. */
export const PACKAGE = 'pawl-example';

/**
 * Builds the example service as a Debian package. Installing or upgrading it neither starts nor
 * restarts anything: that is for whoever installs it to do. Equal input gives equal bytes.
 */
export async function makeDeb(release: ReleaseOptions): Promise<Artifact> {
  return build(`${PACKAGE}_${release.version}_all.deb`, async (folder, target) => {
    const tree = join(folder, 'tree');
    const program = join(tree, 'usr/lib', PACKAGE);
    const units = join(tree, 'lib/systemd/system');
    const control = join(tree, 'DEBIAN');
    for (const path of [program, units, control]) await mkdir(path, { recursive: true });
    await writeRelease(program, release);
    await copyFile(asset('lab/service/webdeb.service'), join(units, 'webdeb.service'));
    await writeFile(join(control, 'control'), controlFile(release.version));
    await writeFile(join(control, 'postinst'), POSTINST);
    await chmod(join(control, 'postinst'), 0o755);
    await run('chmod', ['-R', 'u=rwX,go=rX', tree]);
    const env = { SOURCE_DATE_EPOCH: String(Date.parse(STAMP) / 1000) };
    await run('dpkg-deb', ['--root-owner-group', '--build', tree, target], { env });
  });
}

/** Installs a package by the lab's own hand and starts its service: where an upgrade begins from. */
export async function installDeb(lab: string, host: string, { file }: Artifact): Promise<void> {
  const name = basename(file);
  const place = join(hostRoot(lab, host), 'root', name);
  await copyFile(file, place);
  const install = `dpkg --install /root/${name} && systemctl enable --quiet webdeb && systemctl restart webdeb`;
  const { code, stderr } = await exec(lab, host, ['sh', '-c', install]);
  await rm(place);
  if (code !== 0) throw new LabError(`${name} could not be installed on ${host}: ${stderr.trim()}`);
}

const controlFile = (version: string) => `Package: ${PACKAGE}
Version: ${version}
Architecture: all
Maintainer: Pawl <pawl@localhost>
Depends: python3
Priority: optional
Description: Example web service of Pawl's lab
`;

const POSTINST = `#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then systemctl --system daemon-reload; fi
`;
