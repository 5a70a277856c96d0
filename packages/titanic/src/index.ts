export { isMajordomoError, MajordomoError, type ErrorCode } from '@majordomo/protocol';
export {
  TitanicClient,
  type BatchEntry,
  type DeadChoice,
  type RequestPage,
  type Result,
  type SubmitOptions,
  type TitanicCounts,
  type WaitOptions,
  type When,
} from './client/titanic-client';
export type { Phase, State } from './core/lifecycle';
export type { Retention } from './core/retention';
export {
  API_SERVICES,
  submissionSchema,
  TSP_SERVICES,
  type Edit,
  type ListOptions,
  type RequestStatus,
} from './service/messages';
export { titanicOptionsSchema, type ResolvedTitanicOptions, type TitanicOptions } from './service/options';
export { Titanic, type TitanicEvents, type TitanicState, type TitanicStats } from './service/titanic';
export { sqliteStoreOptionsSchema, SqliteStore, type SqliteStoreOptions } from './store/sqlite/sqlite-store';
export {
  postgresStoreOptionsSchema,
  PostgresStore,
  type PostgresStoreOptions,
} from './store/postgres/postgres-store';
export type * from './store/store';
