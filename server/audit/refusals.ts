/**
 * Refused requests on their way into the audit. Who has no valid credential must not fill the disk: of refusals without a known
 * principal there is one record a second for each code at most, with how many there were; the first comes at once. Those of a known
 * principal are one record each.
 */
import type { ErrorCode } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';

export interface Refusal {
  readonly code: ErrorCode;
  readonly rule: string;
  /** null: not known. */
  readonly principal: Principal | null;
  readonly address: string;
  /** Method and path, without the query string. */
  readonly request: string;
}

const GATHER_MS = 1000;

interface Gathered {
  last: Refusal;
  count: number;
}

export class Refusals {
  readonly #write: (event: string, fields: object) => void;
  /** The refusals since the last record of their code. */
  readonly #gathered = new Map<ErrorCode, Gathered>();
  #timer: NodeJS.Timeout | null = null;

  constructor(write: (event: string, fields: object) => void) {
    this.#write = write;
  }

  add(refusal: Refusal): void {
    const { principal, code } = refusal;
    if (principal !== null && principal.method !== 'anonymous') {
      this.#tell(refusal, 1);
      return;
    }
    const gathered = this.#gathered.get(code);
    if (gathered !== undefined) {
      gathered.last = refusal;
      gathered.count++;
      return;
    }
    this.#tell(refusal, 1);
    this.#gathered.set(code, { last: refusal, count: 0 });
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS).unref();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#flush();
  }

  #flush(): void {
    this.#timer = null;
    for (const [code, gathered] of this.#gathered) {
      if (gathered.count === 0) this.#gathered.delete(code);
      else this.#tell(gathered.last, gathered.count);
      gathered.count = 0;
    }
    if (this.#gathered.size > 0) this.#timer = setTimeout(() => this.#flush(), GATHER_MS).unref();
  }

  #tell({ code, rule, principal, address, request }: Refusal, count: number): void {
    const who = principal === null ? {} : { principal: principal.id, method: principal.method };
    this.#write('request-refused', { ...who, address, request, code, deniedBy: rule, count });
  }
}
