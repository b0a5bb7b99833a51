// What a teacher shows to the class.

import { call } from '../call';
import { listSpaces } from '../known';
import { randomUuid } from '../uuid';
import { lessons } from './api';
import { webAddress } from './link';
import type { Shown } from './state';
import type { Space } from '$gen/preau/files/v1/files_pb';

export type Pushable = { case: 'link'; value: string } | { case: 'nodeId'; value: string };

/** One thing to push: sent again it is the same, changed it is another. */
export class Pushing {
  private last = '';
  private pushId = '';

  constructor(private readonly lessonId: string) {}

  async send(what: Pushable, title: string): Promise<void> {
    const content = JSON.stringify([what, title]);
    if (content !== this.last) [this.last, this.pushId] = [content, randomUuid()];
    await call(() => lessons.push({ lessonId: this.lessonId, pushId: this.pushId, what, title }));
    this.last = '';
  }
}

/** The space of the class, when it has one that the reader may open. */
export async function classSpace(classId: string): Promise<Space | undefined> {
  return (await listSpaces()).find((space) => space.classId === classId);
}

/** What to call it. */
export function titleOf({ title, what }: Shown, untitledFile: string): string {
  if (title !== '') return title;
  return what.kind === 'link' ? (webAddress(what.url)?.hostname ?? what.url) : untitledFile;
}
