import { readFile } from 'node:fs/promises';
import { UsageError } from '../exit';

/**
 * The object in a JSON config file.
 * @throws UsageError naming the file, and why it cannot be read
 */
export async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  const config = parse(path, await read(path));
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
    return config as Record<string, unknown>;
  }
  throw new UsageError(`the config file ${path} should hold a JSON object`);
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new UsageError(
      code === 'ENOENT'
        ? `the config file ${path} does not exist`
        : `the config file ${path} cannot be read: ${code ?? String(error)}`,
    );
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`the config file ${path} is not JSON: ${(error as Error).message}`);
  }
}
