/**
 * Runs `work` while no other process on this machine runs work on the same thing in the same place.
 * Waits for others up to 10 min, then throws.
 *
 * @param what e.g. `the build`; for people, too
 * @param place a folder
 */
export function alone<Result>(what: string, place: string, work: () => Promise<Result>): Promise<Result>;
