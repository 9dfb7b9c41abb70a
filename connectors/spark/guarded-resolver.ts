/**
 * Looks up the names of channels that are kept from link-local addresses, in gRPC's place: the addresses are checked, and the channel connects to
 * those and to nothing else. gRPC asks again whenever a connection was lost or could not be made, so that a name that leads elsewhere by then is
 * checked again. TLS and HTTP/2 still name the host of the URL.
 */
import type { experimental } from '@grpc/grpc-js';
import { lookUpGuarded, REFUSED_ADDRESS } from '../kit/address-guard.ts';

type Grpc = typeof import('@grpc/grpc-js');
type Target = experimental.GrpcUri;

const SCHEME = 'forkline-guarded';
/** The time between two look-ups of a name. */
const PAUSE_MS = 1000;

let isRegistered = false;

/** Returns the target of a channel to `host:port`, with brackets around an IPv6 address. */
export function guardedTarget(grpc: Grpc, hostAndPort: string): string {
  if (!isRegistered) {
    const { registerResolver } = grpc.experimental;
    registerResolver(SCHEME, resolverClass(grpc));
    isRegistered = true;
  }
  return `${SCHEME}:${hostAndPort}`;
}

/** The class of resolvers, as gRPC makes them: one for each channel. */
function resolverClass(grpc: Grpc) {
  const { splitHostPort, statusOrFromError, statusOrFromValue } = grpc.experimental;
  return class GuardedResolver implements experimental.Resolver {
    readonly #host: string;
    readonly #port: number;
    readonly #listener: experimental.ResolverListener;
    #isLooking = false;
    #isDestroyed = false;
    /** The timer that allows the next look-up, while the last one is not long ago. */
    #pause: NodeJS.Timeout | null = null;
    #isWanted = false;

    constructor({ path }: Target, listener: experimental.ResolverListener) {
      const { host, port } = splitHostPort(path)!; // a target of ours
      this.#host = host;
      this.#port = port!;
      this.#listener = listener;
    }

    static getDefaultAuthority({ path }: Target): string {
      return path;
    }

    updateResolution(): void {
      this.#isDestroyed = false;
      if (this.#pause !== null) this.#isWanted = true;
      else if (!this.#isLooking) {
        this.#isLooking = true;
        void this.#lookUp();
      }
    }

    destroy(): void {
      this.#isDestroyed = true;
      if (this.#pause !== null) clearTimeout(this.#pause);
      this.#pause = null;
    }

    /** Puts further look-ups off for a while: a channel that cannot connect, or has no addresses, asks for new ones at once, and again. */
    #rest(): void {
      this.#isWanted = false;
      this.#pause = setTimeout(() => {
        this.#pause = null;
        if (this.#isWanted) this.updateResolution();
      }, PAUSE_MS);
      this.#pause.unref();
    }

    async #lookUp(): Promise<void> {
      const found = await lookUpGuarded(this.#host).catch((error: NodeJS.ErrnoException) => error);
      this.#isLooking = false;
      if (this.#isDestroyed) return;
      this.#rest();
      if (!(found instanceof Error)) {
        const endpoints = found.map(({ address }) => ({ addresses: [{ host: address, port: this.#port }] }));
        this.#listener(statusOrFromValue(endpoints), {}, null, '');
        return;
      }
      // Without addresses gRPC forgets those that it had, which a failure of the look-up alone does not do.
      if (found.code === REFUSED_ADDRESS) this.#listener(statusOrFromValue([]), {}, null, '');
      const error = { code: grpc.status.UNAVAILABLE, details: found.message };
      this.#listener(statusOrFromError(error), {}, null, '');
    }
  };
}
