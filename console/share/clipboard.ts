/** Puts text onto the clipboard, also where the browser has no clipboard for scripts: on a page that is neither of HTTPS nor of localhost. */
export async function toClipboard(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text);
  // The browser copies what is selected, and lets the page put something else in its place: a field would change the ends of lines.
  const area = document.createElement('textarea');
  const before = document.activeElement;
  area.value = ' ';
  area.className = 'off-screen';
  document.body.append(area);
  area.select();
  const put = (event: ClipboardEvent): void => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  addEventListener('copy', put, { capture: true });
  const isCopied = document.execCommand('copy');
  removeEventListener('copy', put, { capture: true });
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  if (!isCopied) throw new Error('the browser refused the clipboard');
}
