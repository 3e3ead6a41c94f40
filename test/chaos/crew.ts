/** The workers of a case: one that works, and sometimes a second one that takes over. */
import { startWorker, stopWorker } from '../../lab/worker';
import type { Ground } from '../lab/ground';

export class Crew {
  private readonly other: string;
  private readonly working: string;

  /** @param folder of the trap */
  constructor(
    private readonly ground: Ground,
    private readonly folder: string,
  ) {
    this.working = `${ground.name}-a`;
    this.other = `${ground.name}-b`;
  }

  /** Starts the worker unless it runs; resolves when it polls. */
  async up(name = this.working): Promise<void> {
    await startWorker(name, this.ground.temporal.address, {
      program: 'dist/test/chaos/worker.js',
      env: { PAWL_TRAP: this.folder },
    });
  }

  /** A second one beside the first. */
  relieve(): Promise<void> {
    return this.up(this.other);
  }

  /** Ends the second one. */
  dismiss(): Promise<void> {
    return stopWorker(this.other);
  }

  async down(): Promise<void> {
    await Promise.all([stopWorker(this.working), stopWorker(this.other)]);
  }
}
