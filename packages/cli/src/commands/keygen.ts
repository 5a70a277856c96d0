import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeyPair, writeKeyFiles } from '@majordomo/broker';
import type { Invocation } from '../command';
import { CliError, EXIT, UsageError, type ExitCode } from '../exit';

/** What a pair is called where nobody says. */
const DEFAULT_NAME = 'majordomo';

/** `majordomo keygen`: a new CURVE key pair in two files. */
export async function run({
  args: [name = DEFAULT_NAME],
  settings: { out, force, json },
  output,
}: Invocation<'out' | 'force' | 'json'>): Promise<ExitCode> {
  if (!/^[\p{L}\p{N}_.-]+$/u.test(name) || /^\.+$/.test(name)) {
    throw new UsageError(`a name is of letters, digits, _, . and -, got ${JSON.stringify(name)}`);
  }
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw new CliError(EXIT.failure, `the folder ${out} cannot be made: ${String(cause)}`, { cause });
  });
  const keys = generateKeyPair();
  const files = await writeKeyFiles(join(out, name), keys, force);
  if (json) {
    await output.json({
      name,
      secretKeyFile: files.secret,
      publicKeyFile: files.public,
      publicKey: keys.publicKey,
    });
  } else {
    await output.line(`secret key: ${files.secret} (for its owner alone)`);
    await output.line(`public key: ${files.public}`);
    await output.line(keys.publicKey);
  }
  return EXIT.ok;
}
