/** Test users: requests that go to the new version before those of others do. */
import { z } from 'zod';

/** How a balancer knows requests of test users: by either one, whatever its value. */
export const Testers = z
  .strictObject({
    header: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, 'a header name such as X-Pawl-Tester')
      .default('X-Pawl-Tester'),
    cookie: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'a cookie name such as pawl-tester')
      .default('pawl-tester'),
  })
  .describe('Requests with this header or cookie are those of test users.');
export type Testers = z.output<typeof Testers>;
