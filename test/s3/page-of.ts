import { readListPage, type ListPage } from '../../src/s3/list-page.ts';
import type { ListedObject } from '../../src/s3/object-info.ts';
import { escapeXml } from '../../src/s3/xml.ts';

/** The page that says that these objects, in the order of their keys, are there. */
export function pageOf(objects: readonly ListedObject[], token?: string): ListPage {
  const element = (name: string, text: string): string => `<${name}>${escapeXml(text)}</${name}>`;
  const contents = objects.map(({ key, sizeBytes, etag, lastModifiedMs, storageClass }) => {
    const time = new Date(lastModifiedMs).toISOString();
    const fields = [
      element('Key', encodeURIComponent(key)),
      element('LastModified', time),
      element('ETag', etag),
      element('Size', String(sizeBytes)),
      element('StorageClass', storageClass),
    ];
    return `<Contents>${fields.join('')}</Contents>`;
  });
  const next = token === undefined ? '' : element('NextContinuationToken', token);
  const head = `<EncodingType>url</EncodingType><IsTruncated>${token !== undefined}</IsTruncated>${next}`;
  const xml = `<ListBucketResult>${head}${contents.join('')}</ListBucketResult>`;
  return readListPage(Buffer.from(xml), { prefix: '' });
}
