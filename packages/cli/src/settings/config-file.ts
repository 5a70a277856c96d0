import { readFile } from 'node:fs/promises';
import { UsageError } from '../exit';

/**
 * The object in a JSON file.
 * @param what - what messages call it
 * @throws UsageError naming the file, and why it cannot be read
 */
export async function readConfigFile(path: string, what = 'config file'): Promise<Record<string, unknown>> {
  const config = parse(path, await read(path, what), what);
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
    return config as Record<string, unknown>;
  }
  throw new UsageError(`the ${what} ${path} should hold a JSON object`);
}

async function read(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new UsageError(
      code === 'ENOENT'
        ? `the ${what} ${path} does not exist`
        : `the ${what} ${path} cannot be read: ${code ?? String(error)}`,
    );
  }
}

function parse(path: string, text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`the ${what} ${path} is not JSON: ${(error as Error).message}`);
  }
}
