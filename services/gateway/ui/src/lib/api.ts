// Spaces and files on the server, typed.

import { createClient } from '@connectrpc/connect';
import { FileService, SpaceService, UploadService } from '$gen/preau/files/v1/files_pb';
import { transport } from './transport';

export const spaces = createClient(SpaceService, transport);
export const files = createClient(FileService, transport);
export const uploads = createClient(UploadService, transport);
