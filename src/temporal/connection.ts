import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { PawlError } from '../contracts/failures';

/** Written by `npm run up`, seen from the root of the clone: where the server that it started is. */
const STARTED_HERE = '.pawl/connection.json';
/** Temporal's own default. */
const DEFAULT_ADDRESS = 'localhost:7233';
const DEFAULT_UI = 'http://localhost:8233';

type ConnectionOptions = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

/** How Temporal is reached, by worker and command line alike. */
export interface ConnectionConfig {
  connectionOptions: ConnectionOptions & { address: string };
  namespace: string;
  /** of the web interface, where it is known */
  uiUrl?: string;
}

interface StartedHere {
  address?: string;
  uiUrl?: string;
  namespace?: string;
}

/**
 * Temporal's own settings come first: `TEMPORAL_*` and a profile of `temporal.toml`. Where they name no
 * address, the server that `npm run up` started in this clone is used, else Temporal's default.
 * `PAWL_UI_URL` names the web interface.
 */
export function connectionConfig(env = process.env, root = projectRoot()): ConnectionConfig {
  const { connectionOptions, namespace } = settings(env);
  const here = startedHere(root);
  const address = connectionOptions.address ?? here.address ?? DEFAULT_ADDRESS;
  const uiUrl = (env.PAWL_UI_URL || uiBeside(address, here))?.replace(/\/+$/, '');
  return {
    connectionOptions: { ...connectionOptions, address },
    namespace: namespace ?? (address === here.address ? here.namespace : undefined) ?? 'default',
    ...(uiUrl && { uiUrl }),
  };
}

/** Dist has no package.json, so this is the clone, from the sources and from dist alike. */
export function projectRoot(from = __dirname): string {
  if (existsSync(join(from, 'package.json')) || dirname(from) === from) return from;
  return projectRoot(dirname(from));
}

function settings(env: NodeJS.ProcessEnv) {
  // an empty variable is as good as none
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
  try {
    return loadClientConnectConfig({ overrideEnvVars });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PawlError('BadInput', `Temporal's connection settings cannot be read: ${why}`, undefined, {
      cause: error,
    });
  }
}

function startedHere(root: string): StartedHere {
  const file = join(root, STARTED_HERE);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as StartedHere;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new PawlError('BadInput', `${file} cannot be read; \`npm run up\` writes it again`, undefined, {
      cause: error,
    });
  }
}

function uiBeside(address: string, here: StartedHere): string | undefined {
  if (address === here.address) return here.uiUrl;
  return /^(localhost|127\.0\.0\.1):7233$/.test(address) ? DEFAULT_UI : undefined;
}
