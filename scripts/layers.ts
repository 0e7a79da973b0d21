/** The layers of docs/ARCHITECTURE.md, lowest first. A folder imports only from those before it in this list. */
export const layers = [
  'model',
  'aws',
  'dynamodb',
  's3',
  'settings',
  'policy',
  'conflict',
  'staging',
  'engine',
  'stages',
  'migration',
  'copy',
  'demo',
  // What the package exports: console and cli are programs that use it.
  'index.ts',
  'console',
  'cli',
] as const;
