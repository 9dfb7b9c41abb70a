/** The options of `audit` taken together. */
import type { z } from 'zod';
import type { AuditConfig } from '../protocol/audit-config.ts';
import type { ConfigSchema } from './schema.ts';

type ParsedAudit = z.output<ConfigSchema>['audit'];

export function completeAudit({ file, headTo, ...others }: ParsedAudit): AuditConfig {
  return { ...others, file: file ?? null, headTo: headTo ?? null };
}

/** The mistakes of options that contradict each other. */
export function auditProblems({ file, required, headTo }: ParsedAudit): string[] {
  const errors: string[] = [];
  if (file === undefined && required === 'on')
    errors.push('audit.required: nothing can be required without a file: name one in audit.file');
  if (file === undefined && headTo !== undefined)
    errors.push('audit.headTo: there is no head to send without a file: name one in audit.file');
  if (headTo !== undefined && !isAddress(headTo))
    errors.push(
      `audit.headTo: must be an https:// or http:// address, or syslog://host:port, not ${JSON.stringify(headTo)}. For example: "headTo": "syslog://127.0.0.1:514"`,
    );
  return errors;
}

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  return ['https:', 'http:', 'syslog:'].includes(protocol) && hostname !== '' && username + password === '';
}
