import { z } from 'zod';
import { Cluster } from './cluster';
import { ConfigSet } from './config-set';
import { BackupInput } from './inputs/backup';
import { BackupsInput } from './inputs/backups';
import { ConfigCanaryInput } from './inputs/config-canary';
import { ConfigSyncInput } from './inputs/config-sync';
import { ConfigDriftInput } from './inputs/config-drift';
import { DisasterRecoveryInput } from './inputs/disaster-recovery';
import { EmergencyRollbackInput } from './inputs/emergency-rollback';
import { NodeOfflineInput } from './inputs/node-offline';
import { NodeReplacementInput } from './inputs/node-replacement';
import { NodeOnlineInput } from './inputs/node-online';
import { HealthWatchInput } from './inputs/health-watch';
import { MaintenanceModeInput } from './inputs/maintenance-mode';
import { RestoreInput } from './inputs/restore';
import { RestoreDrillInput } from './inputs/restore-drill';
import { RollingUpgradeInput } from './inputs/rolling-upgrade';
import { Schedules } from './schedules';

/** Of everything that is started, by workflow type. */
export const INPUTS: Record<string, z.ZodType> = {
  rollingUpgrade: RollingUpgradeInput,
  configCanary: ConfigCanaryInput,
  configSync: ConfigSyncInput,
  configDrift: ConfigDriftInput,
  nodeOffline: NodeOfflineInput,
  nodeOnline: NodeOnlineInput,
  healthWatch: HealthWatchInput,
  nodeReplacement: NodeReplacementInput,
  maintenanceMode: MaintenanceModeInput,
  emergencyRollback: EmergencyRollbackInput,
  backup: BackupInput,
  backups: BackupsInput,
  restore: RestoreInput,
  restoreDrill: RestoreDrillInput,
  disasterRecovery: DisasterRecoveryInput,
};

/** Published for editors and other tools, as `schemas/<name>.schema.json`. */
const PUBLISHED: Record<string, z.ZodType> = {
  cluster: Cluster,
  configSet: ConfigSet,
  schedules: Schedules,
  ...INPUTS,
};

/** @returns file name in `schemas/` → JSON Schema of what people write */
export function publishedSchemas(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(PUBLISHED).map(([name, schema]) => [
      `${name}.schema.json`,
      z.toJSONSchema(schema, { io: 'input' }),
    ]),
  );
}
