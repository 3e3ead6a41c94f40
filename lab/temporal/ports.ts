import { connect, createServer, type AddressInfo } from 'node:net';
import { LabError } from '../error';
import type { Ports } from './settings';

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
