// Owns `guestpass init`: a configuration that runs as it is.

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SETTINGS_FILE } from '../settings/load.ts';
import { configurationSchemas, formatSchema } from '../tenants/json-schemas.ts';
import { answer, failed, type Output, terminal } from './output.ts';

/**
 * Writes a configuration with a tenant `demo`, an embedded database beside the folder and mail that is
 * kept in a page, and says what to do next. Asks nothing, and writes nothing over.
 *
 * @param directory the configuration folder; made when it is not there
 * @returns the exit code: 1 when one of the files is there already
 */
export async function init(directory: string, output: Output = terminal): Promise<number> {
  const files: Readonly<Record<string, string>> = {
    [SETTINGS_FILE]: settingsFile,
    'tenants/demo.yaml': tenantFile(randomBytes(24).toString('base64url')),
    ...schemaFiles(),
  };
  const there = Object.keys(files).find((name) => existsSync(join(directory, name)));
  if (there !== undefined) {
    return failed(output, `${join(directory, there)} is there already; nothing was written`);
  }
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    // The tenant's file holds the secret of its application.
    await writeFile(path, text, { flag: 'wx', mode: name.startsWith('.') ? 0o644 : 0o600 });
  }
  const config = `--config ${directory}`;
  const next = [
    `guestpass validate ${config}`,
    `guestpass invite you@example.com --tenant demo ${config}`,
    `guestpass demo ${config}`,
  ];
  const written = Object.keys(files).map((name) => join(directory, name));
  return answer(
    output,
    { written, next },
    `Wrote ${join(directory, SETTINGS_FILE)} and ${join(directory, 'tenants/demo.yaml')}.`,
    'Next:',
    ...next.map((command) => `  ${command}`),
  );
}

/** The schemas by where they stand in a configuration folder. */
export function schemaFiles(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(configurationSchemas()).map(([name, schema]) => [
      `.schema/${name}`,
      formatSchema(schema),
    ]),
  );
}

const settingsFile = `# yaml-language-server: $schema=./.schema/guestpass.schema.json
publicUrl: http://127.0.0.1:3000 # https anywhere but loopback
listen: 127.0.0.1:3000
database: sqlite:../data/guestpass.db # relative to this file; or mysql://user:password@host:3306/guestpass
mail:
  transport: mailbox # kept in a page at /dev/mailbox; or smtp://relay.example:587
  from: no-reply@guestpass.example
`;

function tenantFile(secret: string): string {
  return `# yaml-language-server: $schema=../.schema/tenant.schema.json
id: demo # stands in every link and token; never changes
displayName: Demo
verifiedDomains: [demo.example]
clients:
  - client_id: demo
    client_name: Demo Docs
    client_secret: ${secret} # elsewhere: { env: NAME } or { file: PATH }
    redirect_uris: [http://127.0.0.1:3001/demo/cb]
    post_logout_redirect_uris: [http://127.0.0.1:3001/]
`;
}
