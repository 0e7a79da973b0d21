import { basename, relative } from 'node:path';
import type { Demo } from '../index.ts';

/** How to look at what a demo has left up. */
export function keepText({ sites: { source, target }, migrationPath, envPath }: Demo, live: boolean): string {
  const aws = (site: typeof source, service: 'dynamodb' | 's3', command: string): string =>
    `  AWS_ACCESS_KEY_ID=${site.credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${site.credentials.secretAccessKey} \\
    aws --region ${site.region} --endpoint-url ${site[service]} ${command}`;
  return `
The sites stay up until Ctrl-C. To look at them, in another terminal${process.env['npm_lifecycle_event'] === undefined ? '' : ' (in this folder)'}:

${aws(source, 'dynamodb', 'dynamodb scan --table-name user-us --max-items 2')}
${aws(target, 'dynamodb', 'dynamodb scan --table-name user_migrated_cn --max-items 2')}
${aws(source, 's3', `s3 ls --recursive s3://${source.bucket}/`)}
${aws(target, 's3', `s3 ls --recursive s3://${target.bucket}/`)}

The migration is ${migrationPath}. Its credentials and key are variables:

  . ${envPath}
  ${self()} status ${migrationPath}
  ${self()} ${live ? 'replicate' : 'verify'} ${migrationPath}
`;
}

/** What a newcomer may do after a demo. */
export function nextText(live: boolean): string {
  const next = [
    ...(live ? [] : [[`${self()} demo --live`, 'the same while the table is written to (needs Java)']]),
    [`${self()} demo --keep`, 'leave the sites up, to look at tables and objects'],
    [`${self()} --help`, 'all commands'],
    ['README.md', 'how to move a table of your own'],
  ];
  const width = Math.max(...next.map(([what]) => what.length));
  return `
That was all of it: what was kept back never left its site, and what crossed has
been compared item by item. Next:

${next.map(([what, why]) => `  ${what.padEnd(width)}  ${why}`).join('\n')}
`;
}

/** How to call this program, for commands to copy. In a clone it is npx, which finds the Node.js that `npm ci` installed. */
function self(): string {
  const { argv, env } = process;
  if (env['npm_lifecycle_event'] !== undefined) return 'npx dynaferry';
  const script = argv[1] ?? 'dynaferry';
  return basename(script) === 'dynaferry' ? 'dynaferry' : `node ${relative(process.cwd(), script)}`;
}
