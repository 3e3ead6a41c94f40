/** Lets a bounded number of things run at a time; the rest waits in line. */
export class Gate {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await work();
    } finally {
      // the place goes over to the next in line
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
