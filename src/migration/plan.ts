import { isOnDemand } from '../dynamodb/table.ts';
import { ByteWriter } from '../model/byte-writer.ts';
import type { Finding } from '../model/finding.ts';
import { ItemView } from '../model/item.ts';
import { RuleError } from '../policy/rule-error.ts';
import type { Policy, RuleSummary } from '../policy/policy.ts';
import { segmentsFor } from '../stages/export/table-source.ts';
import type { MigrationFile } from './file/migration-file.ts';
import { preflight } from './preflight.ts';
import { sampleFindings } from './sample-findings.ts';
import type { Stages } from './stages.ts';
import type { Workspace } from './workspace.ts';

export interface PlanOptions {
  /** Items to read, about; 1,000 unless told. */
  sample?: number;
  /** Items to show before and after; 3 unless told. */
  show?: number;
}

/** An item of the sample, as DynamoDB JSON. */
export interface PlanExample {
  before: string;
  after: string;
}

/** What a run would do. */
export interface Plan {
  migration: string;
  findings: Finding[];
  source: { name: string; items: number | undefined; sizeBytes: number | undefined; billing: string | undefined };
  target: { table: string; exists: boolean; willBeCreated: boolean };
  policy: { filter: string | undefined; rules: RuleSummary[]; unlisted: string; hash: string; pushedDown: boolean };
  sample: {
    items: number;
    passed: number;
    filtered: number;
    /** By rule and attribute: how many sampled items it refuses. */
    refused: { rule: string; attribute: string; reason: string; items: number }[];
    /** Attributes that the filter or a rule names, and how many sampled items lack them. */
    lacking: { attribute: string; items: number }[];
    examples: PlanExample[];
  };
  estimate: {
    /** Items that would reach the target. */
    items: number | undefined;
    /** Units to read the table once, eventually consistent. */
    readUnits: number | undefined;
    seconds: { export: number | undefined; transfer: number | undefined; load: number | undefined };
  };
}

const SAMPLE_DEFAULT = 1000;
const SHOW_DEFAULT = 3;
/** What compression leaves of DynamoDB JSON, about; for the estimate of the transfer. */
const COMPRESSION = 0.2;

/** Checks both sites, reads a sample and applies the policy to it. Writes nothing. */
export async function makePlan(workspace: Workspace, stages: Stages, options: PlanOptions): Promise<Plan> {
  const { file } = workspace;
  const sampler = new Sampler(options.show ?? SHOW_DEFAULT);
  const before = await preflight(workspace);
  const readable = before.findings.every((finding) => finding.severity !== 'error' || finding.code === 'RULE_ON_KEY');
  if (readable) await sampler.read(workspace, stages, options.sample ?? SAMPLE_DEFAULT);
  const { findings } = readable ? await preflight(workspace, sampler.attributesSeen) : before;
  const table = readable ? await workspace.sourceTable() : undefined;
  const policy = readable ? await workspace.policy() : undefined;
  const sample = sampler.result(attributesNamed(policy, file.load.mode));
  const { input } = file.source;
  // DynamoDB brings the description of a table up to date every six hours or so; what it says of a young one is no estimate.
  const described = (table?.ItemCount ?? 0) >= sample.items ? table : undefined;
  return {
    migration: file.name,
    findings: [
      ...findings,
      ...sampleFindings(sample, {
        inFilter: policy?.attributesInFilter ?? [],
        ...(file.load.mode.kind === 'newer' && { version: file.load.mode.by }),
        seen: sampler.attributesSeen,
      }),
    ],
    source: {
      name: 'table' in input ? input.table : `s3://${input.export.bucket}/${input.export.prefix}`,
      items: described?.ItemCount ?? (readable ? (await workspace.nativeExport())?.itemsEstimate : undefined),
      sizeBytes: described?.TableSizeBytes,
      billing: table === undefined ? undefined : isOnDemand(table) ? 'on demand' : 'provisioned',
    },
    target: {
      table: file.target.table,
      exists: before.targetTable !== undefined,
      willBeCreated: before.targetTable === undefined && file.target.create && 'table' in input,
    },
    policy: {
      filter: file.policy.filter,
      rules: policy?.rules ?? [],
      unlisted: file.policy.unlisted,
      hash: workspace.policyHash,
      pushedDown: file.export.pushDown && policy?.pushDown !== undefined,
    },
    sample,
    estimate: estimate(workspace, described?.ItemCount, described?.TableSizeBytes, sample),
  };
}

/** Attributes without which an item is not treated as meant: those of the policy, and the one that says which of two items is newer. */
function attributesNamed(policy: Policy | undefined, mode: MigrationFile['load']['mode']): string[] {
  if (policy === undefined) return [];
  return [...new Set([...policy.attributesNamed, ...(mode.kind === 'newer' ? [mode.by] : [])])];
}

/** Reads items here and there and notes what the policy makes of them. */
class Sampler {
  readonly attributesSeen = new Set<string>();
  readonly #show: number;
  readonly #refused = new Map<string, Plan['sample']['refused'][number]>();
  readonly #present = new Map<string, number>();
  readonly #examples: PlanExample[] = [];
  #items = 0;
  #passed = 0;
  #filtered = 0;

  constructor(show: number) {
    this.#show = show;
  }

  async read(workspace: Workspace, stages: Stages, itemsMax: number): Promise<void> {
    const policy = await workspace.policy();
    const table = await workspace.sourceTable();
    // Without push-down: what the filter keeps back is to be counted and looked at too.
    const source = await stages.itemSource(segmentsFor(table?.TableSizeBytes), {
      pushDown: false,
      pageItemsMax: Math.ceil(itemsMax / 8),
    });
    const view = new ItemView(policy.names);
    const out = new ByteWriter();
    const { signal } = workspace.options.context;
    for (let segment = 0; segment < source.segments && this.#items < itemsMax; segment++) {
      for await (const page of source.pages(segment, undefined, signal)) {
        page.forEach(view, (item) => this.#take(item, () => policy.apply(item, out), out));
        break;
      }
    }
  }

  result(named: readonly string[]): Plan['sample'] {
    return {
      items: this.#items,
      passed: this.#passed,
      filtered: this.#filtered,
      refused: [...this.#refused.values()],
      lacking: named.map((attribute) => ({
        attribute,
        items: this.#items - (this.#present.get(attribute) ?? 0),
      })),
      examples: this.#examples,
    };
  }

  #take(item: ItemView, apply: () => 'passed' | 'filtered', out: ByteWriter): void {
    this.#items++;
    for (let i = 0; i < item.count; i++) {
      const name = item.nameAt(i);
      this.attributesSeen.add(name);
      this.#present.set(name, (this.#present.get(name) ?? 0) + 1);
    }
    try {
      if (apply() === 'filtered') {
        this.#filtered++;
        return;
      }
      this.#passed++;
      if (this.#examples.length < this.#show)
        this.#examples.push({
          before: item.bytes.toString('utf8', item.start, item.end),
          after: out.peek().toString('utf8'),
        });
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      const { rule, attribute, reason } = error;
      const known = this.#refused.get(error.message) ?? { rule, attribute, reason, items: 0 };
      known.items++;
      this.#refused.set(error.message, known);
    } finally {
      out.truncate(0);
    }
  }
}

function estimate(
  workspace: Workspace,
  items: number | undefined,
  sizeBytes: number | undefined,
  sample: Plan['sample'],
): Plan['estimate'] {
  const share = sample.items === 0 ? 1 : sample.passed / sample.items;
  const passing = items === undefined ? undefined : Math.round(items * share);
  const readUnits = sizeBytes === undefined ? undefined : Math.ceil(sizeBytes / 8192);
  const { limits } = workspace.file;
  const bytesToMove = sizeBytes === undefined ? undefined : sizeBytes * share * COMPRESSION;
  const writeUnits =
    sizeBytes === undefined || items === undefined ? undefined : Math.max(passing ?? 0, (sizeBytes * share) / 1024);
  return {
    items: passing,
    readUnits,
    seconds: {
      export: over(readUnits, limits.readUnits),
      transfer: over(bytesToMove, limits.bandwidthBytesPerSecond),
      load: over(writeUnits, limits.writeUnits),
    },
  };
}

function over(amount: number | undefined, perSecond: number | undefined): number | undefined {
  return amount === undefined || perSecond === undefined ? undefined : Math.ceil(amount / perSecond);
}
