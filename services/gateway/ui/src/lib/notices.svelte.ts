// Short messages about what just happened. Refusals stay until they are closed; the rest leaves by itself.

export interface Notice {
  id: number;
  text: string;
  kind: 'done' | 'refused';
  action?: { label: string; run: () => void };
}

const SHOWN_MS = 8_000;
const MOST = 4;

class Notices {
  list = $state.raw<Notice[]>([]);
  private nextId = 1;

  done(text: string, action?: Notice['action']): void {
    const id = this.push({ text, kind: 'done', ...(action ? { action } : {}) });
    setTimeout(() => this.close(id), action ? SHOWN_MS * 2 : SHOWN_MS);
  }

  /** Until it is closed, or done. Answers its id. */
  stay(text: string, action: NonNullable<Notice['action']>): number {
    return this.push({ text, kind: 'done', action });
  }

  refused(text: string): void {
    this.push({ text, kind: 'refused' });
  }

  close(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  private push(notice: Omit<Notice, 'id'>): number {
    const id = this.nextId++;
    const others = this.list.filter((known) => known.text !== notice.text);
    this.list = [...others, { ...notice, id }].slice(-MOST);
    return id;
  }
}

export const notices = new Notices();
