export { SqliteStore, type SqliteStoreOptions } from './store/sqlite/sqlite-store';
