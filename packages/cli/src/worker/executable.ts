import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { CliError, EXIT } from '../exit';

/**
 * Checks that a command can be run, so that a mistake shows at the start and not with the first request.
 * @throws CliError where it is nowhere in the PATH, or is no executable file
 */
export async function requireExecutable(command: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folders = command.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter);
  for (const folder of folders) if (await isExecutable(join(folder, command))) return;
  throw new CliError(EXIT.failure, `cannot run ${command}: there is no such command`);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
