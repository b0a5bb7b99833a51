// Links as teachers type them, and as the server takes them.

const LONGEST = 2048;
export const LONGEST_TITLE = 200;

export type LinkFault = 'empty' | 'notLink' | 'credentials' | 'long';

export type TypedLink = { link: string } | { fault: LinkFault };

/** `exemple.fr/page` means https; letters beyond ASCII travel encoded. */
export function readLink(typed: string): TypedLink {
  const text = typed.trim();
  if (text === '') return { fault: 'empty' };
  const url = webAddress(/^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[^/]*:\d/.test(text) ? text : `https://${text}`);
  if (url === undefined || !url.hostname.includes('.') && url.hostname !== 'localhost') return { fault: 'notLink' };
  if (url.username !== '' || url.password !== '') return { fault: 'credentials' };
  if (url.href.length > LONGEST) return { fault: 'long' };
  return { link: url.href };
}

/** What may be opened: nothing but the web. */
export function webAddress(text: string): URL | undefined {
  try {
    const url = new URL(text);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined;
  } catch {
    return undefined;
  }
}

/** One line. */
export function readTitle(typed: string): string {
  return [...typed.replace(/\p{C}+/gu, ' ').replace(/\s+/g, ' ').trim()].slice(0, LONGEST_TITLE).join('');
}
