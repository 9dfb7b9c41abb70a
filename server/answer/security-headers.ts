/**
 * The headers that every answer carries, whatever its status: they tell a browser what it must not do with the answer. Other
 * programs ignore them.
 */
import type { ServerResponse } from 'node:http';

/**
 * Header names and values alternately, as writeHead takes them. Only /docs is a page, and it has a policy of its own
 * (server/http/docs-page.ts). No answer may be shown in a frame, loaded by another site as an image or script, or be taken for
 * HTML by guessing.
 */
export const SECURITY_HEADERS: readonly string[] = [
  ...['X-Content-Type-Options', 'nosniff'],
  ...['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
  ...['Cross-Origin-Resource-Policy', 'same-origin'],
  ...['Referrer-Policy', 'no-referrer'],
];

export function setSecurityHeaders(response: ServerResponse): void {
  for (let index = 0; index < SECURITY_HEADERS.length; index += 2)
    response.setHeader(SECURITY_HEADERS[index]!, SECURITY_HEADERS[index + 1]!);
}
