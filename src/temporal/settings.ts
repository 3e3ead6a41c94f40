/** Settings of our own, all from the environment. How Temporal is reached stands in `connection.ts`. */
import { z } from 'zod';
import { readSecret } from '../adapters/secrets';
import { badInput, mistakesOf } from '../domain/mistakes';
import { readKeys, type Keys } from './keys';

/** A version of this worker, by which Temporal keeps a run on the code that it began with. */
export interface Version {
  deploymentName: string;
  buildId: string;
}

export interface Encryption {
  keys: Keys;
  /** payloads that are not encrypted are read too: as long as runs from before are open */
  plaintext: 'refuse' | 'accept';
}

export interface WorkerSettings {
  /** activities at a time */
  maxActivities: number;
  /** what activities get to end by themselves after SIGTERM; then they hand over */
  shutdownGraceSeconds: number;
  /** `127.0.0.1:9464`; without it there are no metrics */
  metricsAddress?: string;
  version?: Version;
  encryption?: Encryption;
  /** takes OTLP over HTTP; without it there are no traces */
  tracesUrl?: string;
}

export interface CodecServerSettings {
  address: string;
  /** of Temporal's web interface: pages from elsewhere are refused */
  origin?: string;
  /** what callers must show */
  token?: string;
  encryption: Encryption;
}

/** A port alone is one on loopback: nobody else is answered unless that is asked for. */
const Listen = z
  .string()
  .regex(/^(((\d{1,3}\.){3}\d{1,3}|\[[\da-f:.]+\]):)?\d{1,5}$/i, 'a port, or an IP address and a port')
  .transform((text) => (/^\d+$/.test(text) ? `127.0.0.1:${text}` : text));

const VersionWord = z.string().regex(/^[\w-][\w.-]{0,99}$/, 'letters, digits, dots, dashes, underscores');
const WebAddress = z.url({ protocol: /^https?$/, error: 'an http:// or https:// address' });

const encryption = (env: NodeJS.ProcessEnv) => ({
  PAWL_ENCRYPTION_KEY: z
    .string()
    .transform((text, context) => readKeys(text, env, (message) => context.addIssue(message)))
    .optional(),
  PAWL_ENCRYPTION_PLAINTEXT: z.enum(['refuse', 'accept']).default('refuse'),
});

export function workerSettings(env = process.env): WorkerSettings {
  const schema = z.object({
    ...encryption(env),
    PAWL_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).optional(),
    PAWL_LOG_FORMAT: z.enum(['json', 'pretty']).optional(),
    PAWL_METRICS_ADDRESS: Listen.optional(),
    PAWL_DEPLOYMENT_NAME: VersionWord.default('pawl'),
    PAWL_BUILD_ID: VersionWord.optional(),
    PAWL_MAX_ACTIVITIES: z.coerce.number().int().min(1).max(10_000).default(100),
    PAWL_SHUTDOWN_GRACE_SECONDS: z.coerce.number().int().min(0).max(3_600).default(20),
    OTEL_EXPORTER_OTLP_ENDPOINT: WebAddress.optional(),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: WebAddress.optional(),
  });
  const set = read(schema, env);
  const collector = set.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/*$/, '/v1/traces');
  return {
    maxActivities: set.PAWL_MAX_ACTIVITIES,
    shutdownGraceSeconds: set.PAWL_SHUTDOWN_GRACE_SECONDS,
    metricsAddress: set.PAWL_METRICS_ADDRESS,
    version: set.PAWL_BUILD_ID
      ? { deploymentName: set.PAWL_DEPLOYMENT_NAME, buildId: set.PAWL_BUILD_ID }
      : undefined,
    encryption: encryptionOf(set),
    tracesUrl: set.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? collector,
  };
}

/** For the command line, which shares nothing else with the worker. */
export function encryptionSettings(env = process.env): Encryption | undefined {
  return encryptionOf(read(z.object(encryption(env)), env));
}

export function codecServerSettings(env = process.env): CodecServerSettings {
  const schema = z.object({
    ...encryption(env),
    PAWL_ENCRYPTION_KEY: encryption(env).PAWL_ENCRYPTION_KEY.unwrap(),
    PAWL_CODEC_ADDRESS: Listen.default('127.0.0.1:8081'),
    PAWL_UI_URL: WebAddress.optional(),
    PAWL_CODEC_TOKEN: z
      .string()
      .transform((reference, context) => {
        try {
          return readSecret(reference, env);
        } catch (error) {
          context.addIssue((error as Error).message);
          return z.NEVER;
        }
      })
      .optional(),
  });
  const set = read(schema, env);
  return {
    address: set.PAWL_CODEC_ADDRESS,
    origin: set.PAWL_UI_URL && new URL(set.PAWL_UI_URL).origin,
    token: set.PAWL_CODEC_TOKEN,
    encryption: encryptionOf(set)!,
  };
}

function encryptionOf(set: {
  PAWL_ENCRYPTION_KEY?: Keys | undefined;
  PAWL_ENCRYPTION_PLAINTEXT: 'refuse' | 'accept';
}): Encryption | undefined {
  const keys = set.PAWL_ENCRYPTION_KEY;
  return keys && { keys, plaintext: set.PAWL_ENCRYPTION_PLAINTEXT };
}

/** All mistakes at once, under the names of the variables; an empty variable is as good as none. */
function read<T extends z.ZodType>(schema: T, env: NodeJS.ProcessEnv): z.output<T> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw badInput(mistakesOf(parsed.error, given));
}
