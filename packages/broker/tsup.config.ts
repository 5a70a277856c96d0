import { defineConfig } from 'tsup';
import { library } from '../../tsup.base';
import { textImports } from '../../tsup.text';

export default defineConfig({ ...library, esbuildPlugins: [textImports] });
