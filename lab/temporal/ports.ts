import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../error';
import type { Ports } from './settings';

/** A killed process lets go of its ports when the last of its threads has ended, a moment after it is dead. */
const FREED_WITHIN_MS = 2_000;

interface Held {
  port: number;
  release: () => Promise<void>;
}

/** @returns the first of the wished pairs that is free on loopback, else two free ports */
export async function choosePorts(wishes: readonly Ports[]): Promise<Ports> {
  for (const wish of wishes) {
    if (await holdAndRelease([wish.grpc, wish.ui])) return wish;
  }
  const [grpc, ui] = (await holdAndRelease([0, 0])) ?? [];
  if (!grpc || !ui) throw new LabError('no free ports on 127.0.0.1');
  return { grpc, ui };
}

/** @returns whether both are free on loopback, or become so in a moment */
export async function freed({ grpc, ui }: Ports): Promise<boolean> {
  for (const until = performance.now() + FREED_WITHIN_MS; performance.now() < until; await sleep(20))
    if (await holdAndRelease([grpc, ui])) return true;
  return false;
}

/** All are held at once before they are let go, so that they differ. 0 stands for any. */
async function holdAndRelease(ports: readonly number[]): Promise<number[] | undefined> {
  const held = await Promise.all(ports.map(hold));
  const taken = held.filter((one) => one !== undefined);
  await Promise.all(taken.map(({ release }) => release()));
  return taken.length === ports.length ? taken.map(({ port }) => port) : undefined;
}

function hold(wanted: number): Promise<Held | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({ port, release: () => new Promise((done) => server.close(() => done())) });
    });
  });
}

/** True when something listens there on loopback. */
export function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
