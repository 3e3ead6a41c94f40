/** `npm run test:chaos` plays all that there is, `npm test` what 25 minutes on two cores allow. */
export const full = process.env['PAWL_CHAOS'] === 'full';

/** Requests a second: two cores carry so many of one test, while two more run beside it. */
export const busy = (rate: number) => (full ? rate : Math.min(rate, 300));
