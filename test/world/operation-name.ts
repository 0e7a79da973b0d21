/** The AWS operation that an HTTP request asks for, by its API name: `Scan`, `UploadPart`. The S3 ones that no test needs to tell apart are `<method> other`. */
export function operationName(method: string, url: string, target: string | undefined): string {
  if (target !== undefined) return target.slice(target.indexOf('.') + 1);
  const { pathname, searchParams: query } = new URL(url, 'http://any');
  const isObject = /^\/[^/]+\/./.test(pathname);
  return (isObject ? objectOperation(method, query) : bucketOperation(method, query)) ?? `${method} other`;
}

function objectOperation(method: string, query: URLSearchParams): string | undefined {
  switch (method) {
    case 'GET':
      return query.has('uploadId') ? 'ListParts' : 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'PUT':
      return query.has('partNumber') ? 'UploadPart' : 'PutObject';
    case 'DELETE':
      return query.has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'POST':
      return query.has('uploads') ? 'CreateMultipartUpload' : 'CompleteMultipartUpload';
    default:
      return undefined;
  }
}

function bucketOperation(method: string, query: URLSearchParams): string | undefined {
  if (method === 'HEAD') return 'HeadBucket';
  if (method === 'PUT') return 'CreateBucket';
  if (method === 'POST') return 'DeleteObjects';
  if (method !== 'GET') return undefined;
  return query.has('uploads') ? 'ListMultipartUploads' : 'ListObjectsV2';
}
