/**
 * Headers that every answer carries, whatever its status: what a browser must not do with it. They say nothing to
 * programs that are no browser.
 */
import type { ServerResponse } from 'node:http';

/**
 * Names and values by turns, as writeHead takes them. No answer is a page but /docs, which has a policy of its own
 * (server/http/docs-page.ts); none may be shown in a frame, read by another site's page as an image or script, or guessed to be HTML.
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
