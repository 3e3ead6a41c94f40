/** Stands in for a payload that nobody here can read: it is answered, and hangs nothing. */
export interface Undecodable {
  undecodable: true;
  reason: string;
}

export function isUndecodable(value: unknown): value is Undecodable {
  return typeof value === 'object' && value !== null && 'undecodable' in value && value.undecodable === true;
}
