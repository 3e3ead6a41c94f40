import type { Logger, LogLevel, LogMetadata } from '@temporalio/worker';
import pino from 'pino';
import { withoutSecrets } from '../adapters/secrets';
import { looksSecret } from '../domain/escaped';

/** A log line is not the place for what lies deeper. */
const DEEPEST = 6;

/**
 * No secret gets into a line, neither by its name nor, where it was read by reference, by its value.
 *
 * @param destination default: stdout, coloured where a person reads it
 */
export function openLog(env = process.env, destination?: pino.DestinationStream): pino.Logger {
  const { PAWL_LOG_LEVEL: level = '', PAWL_LOG_FORMAT: format } = env;
  const readable = format ? format === 'pretty' : process.stdout.isTTY;
  const options: pino.LoggerOptions = {
    // a level that does not exist is told with the other settings
    level: level === 'silent' || level in pino.levels.values ? level : 'info',
    serializers: { error: pino.stdSerializers.err },
    formatters: { log: (entry) => hidden(entry, 0) as Record<string, unknown> },
    hooks: { streamWrite: withoutSecrets },
  };
  if (destination) return pino(options, destination);
  const transport = { target: 'pino-pretty', options: { ignore: 'pid,hostname' } };
  return pino({ ...options, ...(readable && { transport }) });
}

export const log = openLog();

/** Temporal's own messages go the same way as ours. */
export const temporalLogger: Logger = {
  log: (level: LogLevel, message: string, meta?: LogMetadata) =>
    log[level.toLowerCase() as Lowercase<LogLevel>](meta ?? {}, message),
  trace: (message, meta) => log.trace(meta ?? {}, message),
  debug: (message, meta) => log.debug(meta ?? {}, message),
  info: (message, meta) => log.info(meta ?? {}, message),
  warn: (message, meta) => log.warn(meta ?? {}, message),
  error: (message, meta) => log.error(meta ?? {}, message),
};

/** Hides what stands under a name such as `password` or `apiKey`, however deep. */
function hidden(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (depth === DEEPEST) return '…';
  if (Array.isArray(value)) return value.map((inner) => hidden(inner, depth + 1));
  // what says itself how it is written has no names inside
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    looksSecret(key) ? '(hidden)' : hidden(inner, depth + 1),
  ]);
  return Object.fromEntries(entries) as object;
}
