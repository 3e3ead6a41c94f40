/** `npm run test:chaos` plays all that there is, `npm test` what 25 minutes on two cores allow. */
export const full = process.env['PAWL_CHAOS'] === 'full';
