/** Names and paths as inputs and cluster files have them. */
import { z } from 'zod';

/** Host, balancer and service names: what is safe in file names, units, ids and balancer commands. */
export const Name = z
  .string()
  .regex(
    /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/,
    'letters, digits, dot, dash, underscore; at most 63',
  );

/** Of steps that are asked about; those that are made of names are longer than these: `shop-data-on-db1`. */
export const StepName = z
  .string()
  .regex(
    /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,198}[a-zA-Z0-9])?$/,
    'letters, digits, dot, dash, underscore; at most 200',
  );

export const AbsolutePath = z
  .string()
  .regex(/^(\/[A-Za-z0-9._@:+-]+)+$/, 'an absolute path without spaces or shell characters')
  .refine((path) => !path.split('/').includes('..'), 'no ".." in a path');

export const LocalPath = z
  .string()
  // eslint-disable-next-line no-control-regex -- they are what is refused
  .regex(/^[^-\x00-\x1f\x7f][^\x00-\x1f\x7f]{0,999}$/, 'a path; relative ones begin where this file lies');

export const UnitName = z
  .string()
  .regex(/^[A-Za-z0-9:_.@-]{1,200}\.service$/, 'a unit name such as web.service');
