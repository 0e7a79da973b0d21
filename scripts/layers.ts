/** The layers of docs/ARCHITECTURE.md, lowest first. A folder imports only from those before it in this list. */
export const layers = [
  'model',
  'aws',
  'dynamodb',
  's3',
  'policy',
  'staging',
  'engine',
  'stages',
  'migration',
  'demo',
  'console',
  'cli',
] as const;
