/** Counts, sizes and ages as people read them. */

/** `1 host`, `2 hosts` */
export const count = (number: number, thing: string) => `${number} ${thing}${number === 1 ? '' : 's'}`;

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** @param bytes e.g. 1_300_000 → `1.2 MiB` */
export function sizeText(bytes: number): string {
  if (bytes < 1_024) return count(bytes, 'byte');
  let [size, unit] = [bytes / 1_024, 0];
  // what would be rounded to 1024.0 is one of the next unit
  while (size >= 1_023.95 && unit < UNITS.length - 1) [size, unit] = [size / 1_024, unit + 1];
  return `${size.toFixed(1)} ${UNITS[unit]}`;
}

/** @param ms milliseconds, e.g. 200_000 → `3 min`; nothing is younger than 0 s */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 2 * 86_400 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/**
 * @param time ISO; e.g. `3 min ago`
 * @param now milliseconds
 */
export const ago = (time: string, now: number) => `${ageText(now - Date.parse(time))} ago`;
