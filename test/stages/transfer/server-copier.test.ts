import { expect, test } from 'vitest';
import { DynaferryError } from '../../../src/model/errors.ts';
import type { RequestRest } from '../../../src/s3/bucket-requests.ts';
import { NO_ELEMENT, parseXml, type XmlElement } from '../../../src/s3/xml.ts';
import { ServerCopier } from '../../../src/stages/transfer/server-copier.ts';
import { memoryLink, wholeEtag } from './memory-link.ts';
import { MemoryTarget } from './memory-target.ts';

const body = Buffer.from('body');

/** Takes CopyObject from another bucket, and remembers with which headers. */
class CopyingTarget extends MemoryTarget {
  readonly asked: Record<string, string>[] = [];
  readonly #source: MemoryTarget;

  constructor(source: MemoryTarget) {
    super();
    this.#source = source;
  }

  override async xml(
    _method: string,
    key: string,
    _action: string,
    _root: string,
    rest: RequestRest,
  ): Promise<XmlElement> {
    const { headers = {} } = rest;
    this.asked.push(headers);
    const object = this.#source.objects.get(headers['x-amz-copy-source'].split('/').slice(2).join('/'));
    if (object === undefined) throw new DynaferryError('OBJECT_NOT_FOUND', 'no such key');
    const own = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
    const etag = await this.put(key, object.body, { headers: Object.fromEntries(own) });
    const answer = `<CopyObjectResult><ETag>${etag}</ETag></CopyObjectResult>`;
    return parseXml(Buffer.from(answer), 'CopyObjectResult') ?? NO_ELEMENT;
  }
}

function worldOf(requestPayer = false) {
  const source = new MemoryTarget({ requestPayer });
  const target = new CopyingTarget(source);
  source.set('s/a', { body, etag: wholeEtag(body) });
  const listed = source.listed('s/a');
  const copier = new ServerCopier(memoryLink(source, target), { tags: 'carry' });
  return { source, target, copy: (key = 's/a', to = 't/a') => copier.copy({ ...listed, key }, to, 't/') };
}

test('a bucket that encrypts under KMS by itself has a record with every object, by which the next run knows it', async () => {
  const { source, target, copy } = worldOf();
  target.isKms = true;
  source.set('s/b', { body, etag: wholeEtag(body) });
  await copy();
  await copy('s/b', 't/b');
  for (const key of ['t/a', 't/b'])
    expect(target.objects.get(key)!.headers).toMatchObject({
      'x-amz-meta-dynaferry-source-etag': wholeEtag(body).slice(1, -1),
    });
  // Found out at the first one, and known at the second.
  expect(target.asked).toHaveLength(3);
});

test('where the ETag tells it, there is no record', async () => {
  const { target, copy } = worldOf();
  expect(await copy()).toBe(body.length);
  expect(target.asked).toHaveLength(1);
  expect(Object.keys(target.asked[0])).not.toContain('x-amz-meta-dynaferry-source-etag');
});

test.each([false, true])('says that we pay where the bucket of the source wants to be told (%s)', async (isAsked) => {
  const { target, copy } = worldOf(isAsked);
  await copy();
  expect(target.asked[0]['x-amz-request-payer']).toBe(isAsked ? 'requester' : undefined);
});

test('an object that is deleted before it is copied has vanished', async () => {
  const { source, target, copy } = worldOf();
  const xml = target.xml.bind(target);
  target.xml = async (...request) => {
    source.objects.clear();
    return xml(...request);
  };
  expect(await copy()).toBeUndefined();
});
