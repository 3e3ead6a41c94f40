/** Something the lab cannot do here; the message says what is wrong and what to do. */
export class LabError extends Error {
  override readonly name = 'LabError';
}
