import { z } from 'zod';

export const DoctorInput = z.strictObject({
  /** path of the cluster file, as the worker sees it */
  cluster: z
    .string()
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,1000}$/u, 'a path, at most 1,000 characters, none of them invisible'),
});
export type DoctorInput = z.output<typeof DoctorInput>;

/** Something that keeps Pawl from its work, or will, and how it is mended. */
export interface Finding {
  /** e.g. `HostKeyChanged`, `notRoot`, `diskFull` */
  code: string;
  /** a host, a balancer, `Temporal`, `worker`, `this machine` */
  where: string;
  /** in words */
  what: string;
  /** exactly one, ready to copy */
  command: string;
}

/** What `doctor` found. */
export interface Examination {
  /** ISO time */
  at: string;
  /** what was looked at, in words */
  looked: string[];
  findings: Finding[];
}
