import { z } from 'zod';
import { map, oneOf, text } from '../../settings/leaf-schema.ts';
import { ABOUT_KEY } from '../../settings/schema-problems.ts';
import { headerText } from './leaf-keys.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html; of the service's own making (SNOW, FSX_…) none can be asked for. */
export const STORAGE_CLASSES: readonly string[] = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
  'REDUCED_REDUNDANCY',
  'EXPRESS_ONEZONE',
  'OUTPOSTS',
];

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl */
const ACLS = [
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
] as const;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
const TAGS_MAX = 10;
const TAG_KEY_MAX = 128;
const TAG_VALUE_MAX = 256;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html */
const METADATA_BYTES_MAX = 2048;

export const storageClass = text(
  /^[A-Za-z0-9_-]{1,64}$/,
  'a storage class such as STANDARD_IA',
  "Storage class at the target; the source's where absent. At an endpoint of one's own, any that the service has.",
);

export const acl = oneOf(
  ACLS,
  "Canned ACL of each object; the bucket's default where absent. ACLs are not carried: they name accounts, which the other partition does not know.",
);

const ENCRYPTION = 'expected AES256, kms, or { kms: <key id, alias/name or ARN> }';

const kmsKey = text(
  /^(?:alias\/[\w/-]+|[\w-]+|arn:[\w-]+:kms:[\w-]+:\d{12}:(?:key|alias)\/[\w/-]+)$/,
  "a KMS key's id, alias/name or ARN",
  'The key: its id, `alias/…` or ARN.',
);

export const encryption = z
  .union([z.literal('AES256'), z.literal('kms'), map({ kms: kmsKey }, '{ kms: <key> }', 'A KMS key of your own.')], {
    error: ENCRYPTION,
  })
  .describe(
    "Encryption at the target: AES256, kms (the account's key for S3), or { kms: <key id, alias/name or ARN> }; the bucket's default where absent.",
  );

const TAGS = `expected carry, drop, or a map of up to ${TAGS_MAX} tags`;

const tags = z
  .union(
    [
      z.literal('carry'),
      z.literal('drop'),
      z
        .record(z.string(), z.string({ error: 'expected text; a number goes in quotes' }))
        .superRefine((given, context) => {
          const refuse = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', message, path });
          const refuseKey = (message: string, key: string) =>
            context.addIssue({ code: 'custom', message, path: [key], params: ABOUT_KEY });
          if (Object.keys(given).length > TAGS_MAX)
            refuse(`expected up to ${TAGS_MAX} tags, which is all that an object can have`);
          for (const [key, value] of Object.entries(given)) {
            if (key === '' || key.length > TAG_KEY_MAX)
              refuseKey(`a tag's name has 1 to ${TAG_KEY_MAX} characters`, key);
            if (key.startsWith('aws:'))
              refuseKey('the names that begin with aws: are reserved; give the tag another name', key);
            if (value.length > TAG_VALUE_MAX) refuse(`expected up to ${TAG_VALUE_MAX} characters`, key);
          }
        }),
    ],
    { error: TAGS },
  )
  .describe(
    "Tags: `carry` the source's (where absent; one request more for each object that has some), `drop` them, or set the tags of a map instead.",
  );

const metadata = z
  .record(z.string(), headerText('text', 'The value.'), { error: 'expected a map of names and values' })
  .superRefine((given, context) => {
    const bytes = Object.entries(given).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (bytes > METADATA_BYTES_MAX)
      context.addIssue({
        code: 'custom',
        message: `expected up to ${METADATA_BYTES_MAX} bytes of names and values in all`,
      });
    for (const name of Object.keys(given))
      if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
        context.addIssue({
          code: 'custom',
          path: [name],
          params: ABOUT_KEY,
          message: 'the name of metadata is part of a header: letters, digits and - . _',
        });
  })
  .describe('User metadata that is set beside what is carried; `owner` becomes the header x-amz-meta-owner.');

export const objectSchema = map(
  {
    storageClass: storageClass.optional(),
    acl: acl.optional(),
    encryption: encryption.optional(),
    tags: tags.optional(),
    contentType: headerText('a type such as text/csv', "Content-Type instead of the source's.").optional(),
    cacheControl: headerText('a value such as max-age=3600', "Cache-Control instead of the source's.").optional(),
    contentDisposition: headerText(
      'a value such as attachment',
      "Content-Disposition instead of the source's.",
    ).optional(),
    contentEncoding: headerText('a value such as gzip', "Content-Encoding instead of the source's.").optional(),
    contentLanguage: headerText('a value such as en', "Content-Language instead of the source's.").optional(),
    metadata: metadata.optional(),
  },
  'a map with storageClass, acl, encryption, tags, metadata and others',
  'What is set on the objects at the target. What is not named is carried as it is at the source, and Expires too.',
);
