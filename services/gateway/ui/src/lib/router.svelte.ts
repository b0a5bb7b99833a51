// Which page the address means, by the History API under /app.

export type Route =
  | { page: 'spaces' }
  | { page: 'folder'; spaceId: string; folderId: string }
  | { page: 'trash'; spaceId: string }
  | { page: 'account' }
  /** For somebody who has a code and no password yet. */
  | { page: 'first' }
  | { page: 'manage'; section: ManageSection }
  /** The list of them, when no one is named. */
  | { page: 'lessons'; lessonId: string }
  | { page: 'missing' };

/** Where an administrator is. */
export type ManageSection =
  | { at: 'schools' }
  | { at: 'classes' | 'staff' | 'imports' | 'codes'; schoolId: string }
  | { at: 'fleet'; part: FleetPart }
  | { at: 'class' | 'class-codes'; schoolId: string; classId: string }
  | { at: 'staff-codes'; schoolId: string }
  | { at: 'import'; schoolId: string; importId: string };

/** Among the devices and apps of a school. */
export type FleetPart =
  | { at: 'devices'; schoolId: string }
  | { at: 'enrolment'; schoolId: string }
  | { at: 'apps'; schoolId: string }
  | { at: 'device'; schoolId: string; deviceId: string }
  | { at: 'app'; schoolId: string; app: string };

export function parse(path: string): Route {
  const [app, ...rest] = path.split('/').filter((part) => part !== '').map(decode);
  if (app !== undefined && app !== 'app') return { page: 'missing' };
  const [first, spaceId, kind, folderId, ...more] = rest;
  if (first === undefined) return { page: 'spaces' };
  if (first === 'account' && spaceId === undefined) return { page: 'account' };
  if (first === 'first' && spaceId === undefined) return { page: 'first' };
  if (first === 'lessons' && kind === undefined) return { page: 'lessons', lessonId: spaceId ?? '' };
  if (first === 'manage') return manage(rest.slice(1));
  if (first !== 'spaces' || spaceId === undefined || more.length > 0) return { page: 'missing' };
  if (kind === undefined) return { page: 'folder', spaceId, folderId: '' };
  if (kind === 'trash' && folderId === undefined) return { page: 'trash', spaceId };
  if (kind === 'folders' && folderId !== undefined) return { page: 'folder', spaceId, folderId };
  return { page: 'missing' };
}

/** The first page of a school is its classes. */
function manage([schoolId, what, id, kind, ...more]: string[]): Route {
  const to = (section: ManageSection): Route => ({ page: 'manage', section });
  if (schoolId === undefined) return to({ at: 'schools' });
  if (what === undefined) return to({ at: 'classes', schoolId });
  if (more.length > 0) return { page: 'missing' };
  if (id === undefined) {
    if (what === 'staff' || what === 'imports' || what === 'codes') return to({ at: what, schoolId });
    if (what === 'devices' || what === 'apps') return to({ at: 'fleet', part: { at: what, schoolId } });
  } else if (what === 'classes') {
    if (kind === undefined) return to({ at: 'class', schoolId, classId: id });
    if (kind === 'codes') return to({ at: 'class-codes', schoolId, classId: id });
  } else if (kind === undefined) {
    if (what === 'staff' && id === 'codes') return to({ at: 'staff-codes', schoolId });
    if (what === 'imports') return to({ at: 'import', schoolId, importId: id });
    const part = fleet(schoolId, what, id);
    if (part) return to({ at: 'fleet', part });
  }
  return { page: 'missing' };
}

function fleet(schoolId: string, what: string, id: string): FleetPart | undefined {
  if (what === 'devices') return id === 'enrolment' ? { at: id, schoolId } : { at: 'device', schoolId, deviceId: id };
  return what === 'apps' ? { at: 'app', schoolId, app: id } : undefined;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

type SchoolPart = '' | '/staff' | '/staff/codes' | '/imports' | '/codes' | '/devices' | '/devices/enrolment' | '/apps';

export const paths = {
  spaces: '/app',
  account: '/app/account',
  first: '/app/first',
  manage: '/app/manage',
  lessons: '/app/lessons',
  lesson: (lessonId: string): string => `/app/lessons/${encodeURIComponent(lessonId)}`,
  school: (schoolId: string, what: SchoolPart = ''): string => `/app/manage/${encodeURIComponent(schoolId)}${what}`,
  class: (schoolId: string, classId: string): string => `${paths.school(schoolId)}/classes/${encodeURIComponent(classId)}`,
  classCodes: (schoolId: string, classId: string): string => `${paths.class(schoolId, classId)}/codes`,
  import: (schoolId: string, importId: string): string =>
    `${paths.school(schoolId, '/imports')}/${encodeURIComponent(importId)}`,
  device: (schoolId: string, deviceId: string): string =>
    `${paths.school(schoolId, '/devices')}/${encodeURIComponent(deviceId)}`,
  app: (schoolId: string, app: string): string => `${paths.school(schoolId, '/apps')}/${encodeURIComponent(app)}`,
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

  /** As `go`, when the page left is none to come back to. */
  replace(path: string): void {
    history.replaceState(null, '', path);
    this.arrive();
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
