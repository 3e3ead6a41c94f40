/** `npm run test:chaos` plays all that there is, `npm test` what 25 minutes on two cores allow. */
export const full = process.env['PAWL_CHAOS'] === 'full';

/**
 * Requests a second of whole runs that are about something else; in `npm test` three of them share two cores. No round
 * number: of 100, with a slow one each 200 ms, every slow one may go to the same of three hosts.
 */
export const USUAL_RATE = full ? 197 : 97;

/** Requests a second of a test that is alone with its load: in `npm test` as many as a slow machine carries as well. */
export const busy = (rate: number) => (full ? rate : Math.min(rate, 200));
