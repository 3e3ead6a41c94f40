import type { Logger, LogLevel, LogMetadata } from '@temporalio/worker';
import pino from 'pino';

/** JSON where a machine reads, coloured lines where a person does. */
export const log = pino({
  level: process.env['PAWL_LOG_LEVEL'] ?? 'info',
  ...(process.stdout.isTTY && { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } }),
});

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
