import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes';

/** WAL doubles the activities a second; `normal` loses no committed data when the process dies. */
const SQLITE_PRAGMAS = { journal_mode: 'wal', synchronous: 'normal' };

/** Temporal's own names; values are JSON. */
export type DynamicConfig = Record<string, string | number>;

const DYNAMIC_CONFIG: DynamicConfig = {
  // The defaults poll the one shard of a dev server 20 times a second: 51 ms for each activity, not 10.
  'history.transferProcessorMaxPollRPS': 1000,
  'history.timerProcessorMaxPollRPS': 1000,
  // Timers and backoffs under a second take a whole second otherwise.
  'history.timerProcessorMaxTimeShift': '10ms',
  // A frozen worker's open polls swallow attempts until the server notices: 10 s instead of 17 to 56.
  'frontend.keepAliveTime': '5s',
  'frontend.keepAliveTimeout': '3s',
};

export interface Ports {
  grpc: number;
  /** of the web interface */
  ui: number;
}

/** Arguments of `temporal` for a server on loopback that keeps its data in `dbFile`. */
export function serverArguments(options: {
  dbFile: string;
  ui: boolean;
  ports: Ports;
  /** beside those of all servers */
  dynamicConfig?: DynamicConfig;
}): string[] {
  const { dbFile, ui, ports, dynamicConfig } = options;
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${ports.grpc}`, '--db-filename', dbFile],
    ...(ui ? ['--ui-ip', '127.0.0.1', '--ui-port', `${ports.ui}`] : ['--headless']),
    ...['--log-format', 'json', '--log-level', 'warn'],
    ...repeat('--sqlite-pragma', SQLITE_PRAGMAS),
    ...repeat('--search-attribute', SEARCH_ATTRIBUTES),
    ...repeat('--dynamic-config-value', { ...DYNAMIC_CONFIG, ...dynamicConfig }, JSON.stringify),
  ];
}

function repeat<Value>(flag: string, values: Record<string, Value>, write = (value: Value) => String(value)) {
  return Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${write(value)}`]);
}
