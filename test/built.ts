import { join } from 'node:path';
import { root } from '../lab/paths';

/** The workflows, bundled from the same sources before any test (`jest.config.cjs`). */
export const BUILT = { codePath: join(root, 'dist/workflow-bundle.js') };
