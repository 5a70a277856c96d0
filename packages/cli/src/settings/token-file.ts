import { readFile } from 'node:fs/promises';
import { UsageError } from '../exit';

/**
 * The token in a file, without the white space around it.
 * @throws UsageError naming the file, and why there is none in it
 */
export async function readToken(path: string): Promise<string> {
  const token = (await read(path)).trim();
  if (token === '') throw new UsageError(`the token file ${path} is empty`);
  return token;
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UsageError(`the token file ${path} cannot be read: ${code}`);
  }
}
