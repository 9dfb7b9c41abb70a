/** Opens the store of a connection. No request is sent before something is read. */
import type { StoreConfig } from '../../../core/protocol/connection.ts';
import { S3Store } from './s3.ts';
import type { Store } from './store.ts';
import { WebStore } from './web.ts';
import { WebhdfsStore } from './webhdfs.ts';

export function openStore(config: StoreConfig): Store {
  switch (config.kind) {
    case 's3':
      return new S3Store(config);
    case 'web':
      return new WebStore(config);
    case 'webhdfs':
      return new WebhdfsStore(config);
    default:
      return config satisfies never;
  }
}
