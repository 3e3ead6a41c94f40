import { onAbort } from './abort';

/** The caller's signal and a time limit in one signal. */
export class Deadline {
  readonly signal: AbortSignal;
  /** true when it was the time limit that ended it */
  passed = false;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly unfollow: () => void;

  constructor(
    caller: AbortSignal,
    private readonly milliseconds: number,
  ) {
    this.signal = this.controller.signal;
    this.timer = setTimeout(() => {
      this.passed = true;
      this.controller.abort(new Error(`no end within ${this.seconds} s`));
    }, milliseconds);
    this.unfollow = onAbort(caller, (reason) => this.controller.abort(reason));
  }

  get seconds(): number {
    return this.milliseconds / 1000;
  }

  /** To be called in the end. */
  clear(): void {
    clearTimeout(this.timer);
    this.unfollow();
  }
}
