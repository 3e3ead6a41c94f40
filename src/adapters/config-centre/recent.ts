/**
 * What never changes is made once and kept while it is among the last that were asked for. Those who ask at the same
 * time share it; what failed is made again.
 */
export class Recent<T> {
  private readonly kept = new Map<string, Promise<T>>();

  /** @param most how many are kept */
  constructor(private readonly most: number) {}

  get(key: string, make: () => Promise<T>): Promise<T> {
    const found = this.kept.get(key) ?? make();
    // the last of the map is the newest
    this.kept.delete(key);
    this.kept.set(key, found);
    found.catch(() => this.kept.get(key) === found && this.kept.delete(key));
    for (const oldest of [...this.kept.keys()].slice(0, -this.most)) this.kept.delete(oldest);
    return found;
  }
}
