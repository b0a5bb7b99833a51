// Idempotency keys: one for each thing that somebody means, however often it is sent.

import { randomUuid } from '../uuid';

/** What one dialog sends: again it is the same, changed it is another. */
export class Intent {
  private content = '';
  private key = '';

  /** The key of what is about to be sent. */
  keyOf(content: readonly (string | number)[]): string {
    const text = JSON.stringify(content);
    if (text !== this.content) [this.content, this.key] = [text, randomUuid()];
    return this.key;
  }
}
