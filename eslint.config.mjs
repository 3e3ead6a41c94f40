import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const ourTypeScript = ['{src,lab,test,bench}/**/*.ts'];
const globals = (...names) => Object.fromEntries(names.map((name) => [name, 'readonly']));

export default defineConfig(
  { ignores: ['dist/', '.pawl/', 'coverage/', 'node_modules/'] },
  {
    files: ['**/*.{cjs,mjs}'],
    extends: [eslint.configs.recommended],
    languageOptions: { globals: globals('process', 'performance', 'Buffer', 'console') },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { globals: globals('require', 'module', '__dirname') },
  },
  {
    files: ourTypeScript,
    extends: [eslint.configs.recommended, tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // An interface may ask for a promise where this implementation needs no await.
      '@typescript-eslint/require-await': 'off',
      // Our objects are closures made by a function: their methods use no `this`.
      '@typescript-eslint/unbound-method': 'off',
      'no-restricted-properties': [
        'error',
        {
          object: 'AbortSignal',
          property: 'any',
          message:
            'Node loses its time limits and sources to garbage collection: adapters/deadline, adapters/abort',
        },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['src/workflows/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ThrowStatement > NewExpression[callee.name=/^(Error|TypeError|RangeError|PawlError)$/]',
          message:
            'A plain error hangs the workflow: its task is tried again for ever. Throw ApplicationFailure.',
        },
      ],
    },
  },
  {
    files: ['{src/cli,lab,test,bench}/**/*.ts', 'src/client.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Jest's matchers answer `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
);
