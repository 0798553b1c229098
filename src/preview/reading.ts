// Owns reading everything a preview is drawn from, anew each time: configuration, texts, templates.

import { resolveTenant, createTenantIndex } from '../domain/tenant.ts';
import { createAssets } from '../http/assets.ts';
import { createViews, type Views } from '../http/views.ts';
import { createTranslator, type Translator } from '../i18n.ts';
import { createTemplates, type Templates } from '../mail/templates.ts';
import { PRODUCT } from '../plugin/assemble.ts';
import { formatFault } from '../settings/fault.ts';
import type { Environment } from '../settings/reading.ts';
import { checkConfiguration } from '../tenants/configuration.ts';
import type { Configured } from './sample.ts';

/** Which tenant of which files. */
export interface PreviewSource {
  /** The configuration folder. */
  readonly directory: string;
  /** Id or verified domain. */
  readonly tenant: string;
  /** Environment variables that references name. */
  readonly env: Environment;
}

/** What the files say, or everything that is wrong with them. */
export type PreviewReading =
  | {
      readonly outcome: 'read';
      readonly configured: Configured;
      readonly notices: readonly string[];
      readonly translator: Translator;
      readonly views: Views;
      readonly templates: Templates;
      readonly assets: ReturnType<typeof createAssets>;
    }
  /** As `guestpass validate` says them. */
  | { readonly outcome: 'faulty'; readonly faults: readonly string[] };

/**
 * Reads the files as they are now. Makes no secret and opens no database.
 *
 * @throws {SyntaxError} when a template or a file of texts is none
 */
export async function readPreview(source: PreviewSource): Promise<PreviewReading> {
  const check = await checkConfiguration(source.directory, source.env);
  const { publicUrl, mail, limits, tenantPicker, notices } = check;
  if (check.faults.length > 0 || publicUrl === undefined || mail === undefined) {
    return { outcome: 'faulty', faults: check.faults.map(formatFault) };
  }
  const named = resolveTenant(createTenantIndex(check.tenants), source.tenant);
  if (named.outcome !== 'tenant') {
    return { outcome: 'faulty', faults: [`there is no tenant ${source.tenant}`] };
  }
  const translator = createTranslator();
  const { tenant } = named;
  return {
    outcome: 'read',
    configured: { tenant, publicUrl, sender: mail.from, limits, tenantPicker },
    notices,
    translator,
    views: createViews({ translator, product: PRODUCT, limits }),
    templates: createTemplates(translator, PRODUCT),
    assets: createAssets(),
  };
}
