/** What a run did, by its history in Temporal. */
export interface StepTime {
  /** in words */
  what: string;
  /** milliseconds */
  begunAt: number;
  /** null: it is under way */
  endedAt: number | null;
  end: 'done' | 'failed' | 'cut' | 'underWay';
  /** how often, one after the other */
  times: number;
}

export interface StepTimes {
  entries: StepTime[];
  /** what is missing, in words */
  note?: string;
}
