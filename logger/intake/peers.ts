/**
 * Remembers which processes are, or were, connected to the log socket: how the raw output of a process is known to be
 * complete. A process is remembered until it is forgotten, however many connections it had.
 */
import type { ProcessTable } from './raw-tail.ts';

interface Peer {
  readonly pid: number;
  connections: number;
}

export class Peers implements ProcessTable {
  readonly #peers = new Map<string, Peer>();

  connected(workerId: string, pid: number): void {
    const peer = this.#peers.get(workerId) ?? { pid, connections: 0 };
    peer.connections += 1;
    this.#peers.set(workerId, peer);
  }

  disconnected(workerId: string): void {
    this.#peers.get(workerId)!.connections -= 1;
  }

  pidOf(workerId: string): number | null {
    return this.#peers.get(workerId)?.pid ?? null;
  }

  isGone(workerId: string): boolean {
    const peer = this.#peers.get(workerId);
    return peer !== undefined && peer.connections === 0 && !isAlive(peer.pid);
  }

  forget(workerId: string): void {
    if (this.#peers.get(workerId)?.connections === 0) this.#peers.delete(workerId);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
