/** Opens one connection, and says what an operator should know about it. */
import type { Finding } from '../../connectors/kit/connector.ts';
import { connectionOf } from '../../connectors/registry.ts';
import type { ConnectionConfig } from '../../core/protocol/connection.ts';
import { judgeOf } from '../../language/dialects/registry.ts';

const CONNECT_TIMEOUT_MS = 5000;

export interface Examined {
  readonly reached: boolean;
  readonly findings: readonly Finding[];
}

/** Rejects only when no connector can be loaded. */
export async function examineConnection(name: string, config: ConnectionConfig): Promise<Examined> {
  if (config.kind === 'files') {
    const { examineFiles } = await import('../../connectors/files/stores/examine.ts');
    const findings = await examineFiles(config);
    return { reached: findings.some(({ level }) => level === 'ok'), findings };
  }
  const options = { name, workerId: 'doctor', connectTimeoutMs: CONNECT_TIMEOUT_MS };
  const connection = await connectionOf(config, options);
  const guard: Finding = { level: 'ok', text: `statements only read: ${judgeOf(config.kind).guard}` };
  try {
    return { reached: true, findings: [...(await connection.examine()), guard] };
  } catch (thrown) {
    const { message } = connection.failureOf(thrown).error;
    return { reached: false, findings: [{ level: 'problem', text: message }] };
  }
}
