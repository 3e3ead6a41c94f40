import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../error';
import { run } from '../hosts/command';
import { ensurePrograms } from '../packages';
import { cacheDir } from '../paths';
import { fillCache } from './cache';
import { downloadOfficial } from './official';
import { isProgram } from './programs';
import { telling } from './words';

const VERSION = '1.32.1';
const MAVEN_LIMIT_MS = 300_000;
const PURPOSE = "for Temporal's test server";
const JAVA = { program: 'java', debianPackage: 'default-jre-headless' };
const MAVEN = { program: 'mvn', debianPackage: 'maven' };
const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies';

/** slf4j-nop: without a logger the server complains on stderr at each start. */
const PROJECT = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>pawl</groupId><artifactId>test-server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

/** C1 alone and the serial collector: the server lives for a test only, so it must start quickly. */
const START_JAVA = `#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$@"
`;

/**
 * Temporal's time-skipping server for tests, from our cache, the SDK's own download, or its Java
 * packages.
 *
 * @returns the path of a program for `createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })`
 */
export async function findTestServer(): Promise<string> {
  const folder = join(cacheDir, 'temporal-test-server', VERSION);
  const program = join(folder, 'test-server');
  if (!isProgram(program)) {
    await telling(`fetching Temporal's test server ${VERSION} into ${folder}`, () =>
      fillCache(folder, async (draft) => {
        const official = await downloadOfficial(
          'time-skipping',
          `v${VERSION}`,
          draft,
          join(draft, 'test-server'),
        );
        if (!official) await assemble(draft);
      }),
    );
  }
  if (existsSync(join(folder, 'lib'))) await ensurePrograms([JAVA], PURPOSE);
  return program;
}

async function assemble(folder: string): Promise<void> {
  await ensurePrograms([JAVA, MAVEN], PURPOSE);
  const lib = join(folder, 'lib');
  await mkdir(lib);
  await writeFile(join(folder, 'pom.xml'), PROJECT);
  const options = [`-DoutputDirectory=${lib}`, '-DincludeScope=runtime'];
  await run('mvn', ['-B', '-q', COPY_DEPENDENCIES, ...options], { cwd: folder, timeoutMs: MAVEN_LIMIT_MS });
  await verify(lib);
  await writeFile(join(folder, 'test-server'), START_JAVA, { mode: 0o755 });
}

/** Exactly the files of test-server.sha256 (as written by sha256sum), each with its digest. */
async function verify(lib: string): Promise<void> {
  const list = await readFile(join(__dirname, 'test-server.sha256'), 'utf8');
  const wanted = list.trim().split('\n').sort();
  const files = await readdir(lib);
  const found = await Promise.all(
    files.map(async (file) => {
      const digest = createHash('sha256').update(await readFile(join(lib, file)));
      return `${digest.digest('hex')}  ${file}`;
    }),
  );
  const different = [
    ...found.filter((line) => !wanted.includes(line)).map((line) => `unexpected ${line}`),
    ...wanted.filter((line) => !found.includes(line)).map((line) => `missing ${line}`),
  ];
  if (different.length > 0)
    throw new LabError(`Temporal's test server is not the pinned one:\n${different.join('\n')}`);
}
