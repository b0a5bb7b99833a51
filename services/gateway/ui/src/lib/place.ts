/** A folder somebody chose, with what to call it. */
export interface Place {
  spaceId: string;
  /** Empty: the space's root. */
  parentId: string;
  /** The folder's name, or the space's. */
  name: string;
}
