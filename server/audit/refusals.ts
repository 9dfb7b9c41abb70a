/**
 * Refused requests on their way into the audit. Neither who has no valid credential nor who floods the server may fill the disk: of
 * refusals without a known principal there is one record a second for each code at most, and of a known one that is over a limit one a
 * second, each with how many there were; the first comes at once. Other refusals of a known principal are one record each.
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
  /** The refusals since the last record of their kind. */
  readonly #gathered = new Map<string, Gathered>();
  #timer: NodeJS.Timeout | null = null;

  constructor(write: (event: string, fields: object) => void) {
    this.#write = write;
  }

  add(refusal: Refusal): void {
    const kind = kindOf(refusal);
    if (kind === null) {
      this.#tell(refusal, 1);
      return;
    }
    const gathered = this.#gathered.get(kind);
    if (gathered !== undefined) {
      gathered.last = refusal;
      gathered.count++;
      return;
    }
    this.#tell(refusal, 1);
    this.#gathered.set(kind, { last: refusal, count: 0 });
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS).unref();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#flush();
  }

  #flush(): void {
    this.#timer = null;
    for (const [kind, gathered] of this.#gathered) {
      if (gathered.count === 0) this.#gathered.delete(kind);
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

/** Returns what a refusal is gathered by; null when it is a record of its own. */
function kindOf({ principal, code }: Refusal): string | null {
  if (principal === null || principal.method === 'anonymous') return code;
  return code === 'too-many-queries' ? `${code} ${principal.id}` : null;
}
