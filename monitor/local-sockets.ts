/** The sockets of this machine on which the server answers HTTP: that of the `forkline` command, and the one that is configured. */
import { rmSync } from 'node:fs';
import type { Config } from '../core/config/config.ts';
import type { RunDir } from '../core/process/run-dir.ts';
import { type BoundUnixSocket, bindUnixSocket } from './children/listen.ts';

/** Binds the socket of the commands, and the one that is configured. */
export function bindLocals({ listen }: Config, { httpSocket }: RunDir): readonly BoundUnixSocket[] {
  const own = bindUnixSocket(httpSocket, 0o600);
  if (listen.socket === null) return [own];
  try {
    return [own, bindUnixSocket(listen.socket, listen.socketMode === '660' ? 0o660 : 0o600)];
  } catch (thrown) {
    own.close();
    throw thrown;
  }
}

/** Closes the sockets; the file of the configured one goes as well. */
export function closeLocals(locals: readonly BoundUnixSocket[], { listen }: Config): void {
  for (const { path, close } of locals) {
    close();
    if (path === listen.socket) rmSync(path, { force: true });
  }
}
