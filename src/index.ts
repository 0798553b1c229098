// Owns the library's face: re-exports only.

export type { Clock } from './domain/clock.ts';
export { type ErrorCode, GuestError } from './domain/errors.ts';
export { defaultLimits, type LimitName, type Limits } from './domain/limits.ts';
export type { Tenant, TenantIndex } from './domain/tenant.ts';
export { createGuests, type Guests, type GuestsOptions, type IssuerOptions } from './plugin.ts';
export { type RunningServer, type ServerOptions, startServer } from './server/start.ts';
export { ConfigurationError } from './settings/fault.ts';
export type { DatabaseSettings, MailSettings, Secrets, Settings } from './settings/settings.ts';
export type { Guest } from './storage/store.ts';
export { createLog, type Log } from './telemetry/log.ts';
export { type Configuration, loadConfiguration } from './tenants/configuration.ts';
