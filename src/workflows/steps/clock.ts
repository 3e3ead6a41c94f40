/** Since when nothing has moved. */
export class ProgressClock {
  private movedAt = Date.now();
  /** rises with each step that ends */
  moves = 0;
  private stoodSince: number | null = null;
  private standing = 0;

  /** A step of some host has ended. */
  advance(): void {
    this.movedAt = Date.now();
    this.moves += 1;
    if (this.stoodSince !== null) this.stoodSince = this.movedAt;
  }

  get stands(): boolean {
    return this.standing > 0;
  }

  /** Milliseconds in which it ran and nothing moved. */
  get quietMs(): number {
    return (this.stoodSince ?? Date.now()) - this.movedAt;
  }

  /** A wait in which nothing has to move: for people, or for time to pass. */
  async stand<T>(wait: () => Promise<T>): Promise<T> {
    if (this.standing === 0) this.stoodSince = Date.now();
    this.standing += 1;
    try {
      return await wait();
    } finally {
      this.standing -= 1;
      if (this.standing === 0 && this.stoodSince !== null) {
        this.movedAt += Date.now() - this.stoodSince;
        this.stoodSince = null;
      }
    }
  }
}
