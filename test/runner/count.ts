/** What came of a stage, or of all. */
export interface Count {
  passed: number;
  /** by name */
  failed: string[];
  skipped: number;
}

export const nothing: Count = { passed: 0, failed: [], skipped: 0 };

export function sum(counts: readonly Count[]): Count {
  return counts.reduce(
    (total, { passed, failed, skipped }) => ({
      passed: total.passed + passed,
      failed: [...total.failed, ...failed],
      skipped: total.skipped + skipped,
    }),
    nothing,
  );
}

/** The closing line: `12 passed, 0 failed`, and the skipped ones where there are any. */
export function inWords({ passed, failed, skipped }: Count): string {
  return [`${passed} passed`, `${failed.length} failed`, ...(skipped > 0 ? [`${skipped} skipped`] : [])].join(
    ', ',
  );
}
