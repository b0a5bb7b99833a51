// Which page the address means, by the History API under /app.

export type Route =
  | { page: 'spaces' }
  | { page: 'folder'; spaceId: string; folderId: string }
  | { page: 'trash'; spaceId: string }
  | { page: 'account' }
  | { page: 'missing' };

export function parse(path: string): Route {
  const [app, ...rest] = path.split('/').filter((part) => part !== '').map(decode);
  if (app !== undefined && app !== 'app') return { page: 'missing' };
  const [first, spaceId, kind, folderId, ...more] = rest;
  if (first === undefined) return { page: 'spaces' };
  if (first === 'account' && spaceId === undefined) return { page: 'account' };
  if (first !== 'spaces' || spaceId === undefined || more.length > 0) return { page: 'missing' };
  if (kind === undefined) return { page: 'folder', spaceId, folderId: '' };
  if (kind === 'trash' && folderId === undefined) return { page: 'trash', spaceId };
  if (kind === 'folders' && folderId !== undefined) return { page: 'folder', spaceId, folderId };
  return { page: 'missing' };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const paths = {
  spaces: '/app',
  account: '/app/account',
  folder: (spaceId: string, folderId = ''): string =>
    `/app/spaces/${encodeURIComponent(spaceId)}${folderId === '' ? '' : `/folders/${encodeURIComponent(folderId)}`}`,
  trash: (spaceId: string): string => `/app/spaces/${encodeURIComponent(spaceId)}/trash`,
};

class Router {
  route = $state.raw<Route>(parse(location.pathname));
  /** Grows with every move, so that pages can take the focus after one, and not at first. */
  moves = $state(0);

  start(): void {
    addEventListener('popstate', () => this.arrive());
    document.addEventListener('click', (event) => this.follow(event));
  }

  go(path: string): void {
    history.pushState(null, '', path);
    this.arrive();
    scrollTo(0, 0);
  }

  private arrive(): void {
    this.route = parse(location.pathname);
    this.moves += 1;
  }

  /** Plain clicks on links within the app stay in the page. */
  private follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.pathname !== '/app' && !link.pathname.startsWith('/app/')) return;
    if (link.hash !== '') return;
    event.preventDefault();
    this.go(link.pathname);
  }
}

export const router = new Router();
