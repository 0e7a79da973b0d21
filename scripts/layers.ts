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
  // What the package exports: the command line is a program that uses it.
  'index.ts',
  'cli',
] as const;
