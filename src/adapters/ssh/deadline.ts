/** The caller's signal and a time limit in one signal. */
export class Deadline {
  readonly signal: AbortSignal;
  /** true when it was the time limit that ended it */
  passed = false;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly follow: () => void;

  constructor(
    private readonly caller: AbortSignal,
    private readonly milliseconds: number,
  ) {
    this.signal = this.controller.signal;
    this.follow = () => this.controller.abort(caller.reason);
    this.timer = setTimeout(() => {
      this.passed = true;
      this.controller.abort(new Error(`no end within ${this.seconds} s`));
    }, milliseconds);
    if (caller.aborted) this.follow();
    else caller.addEventListener('abort', this.follow, { once: true });
  }

  get seconds(): number {
    return this.milliseconds / 1000;
  }

  /** To be called in the end: a caller's signal may live for hours. */
  clear(): void {
    clearTimeout(this.timer);
    this.caller.removeEventListener('abort', this.follow);
  }
}
