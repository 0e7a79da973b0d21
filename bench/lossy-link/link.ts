import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface LinkOptions {
  /** Connections to this port go over the link; all others are as fast as loopback is. */
  port: number;
  /** Both ways together. */
  roundTripMs: number;
  /** Of packets, each way. */
  lossPercent: number;
  /** Of the choice of the packets that are lost. */
  seed: number;
  /** Where the delayer is built. */
  folder: string;
}

const QUEUE = 1;
/** As an Ethernet has it: loopback's own of 64 KB would make a loss rarer and worse. */
const MTU = 1500;

/**
 * A network namespace in which one port is far away. Congestion control is CUBIC, which most peers use, whatever the machine has as its default: BBR
 * takes little notice of loss.
 */
export class LossyLink {
  /** Put in front of a command, it runs inside. */
  readonly prefix: readonly string[];
  readonly #namespace: string;
  readonly #onExit = (): void => this.close();
  #delayer: ChildProcess | undefined;

  private constructor(namespace: string) {
    this.#namespace = namespace;
    this.prefix = ['ip', 'netns', 'exec', namespace];
    process.once('exit', this.#onExit);
  }

  static async open(options: LinkOptions): Promise<LossyLink> {
    const namespace = `dynaferry-${process.pid}-${options.port}`;
    run('ip', 'netns', 'add', namespace);
    const link = new LossyLink(namespace);
    try {
      link.#configure(options.port);
      await link.#startDelayer(options);
      return link;
    } catch (error) {
      link.close();
      throw error;
    }
  }

  /** What still runs inside keeps the namespace until it ends; its name is free at once. */
  close(): void {
    process.off('exit', this.#onExit);
    this.#delayer?.kill();
    run('ip', 'netns', 'del', this.#namespace);
  }

  #configure(port: number): void {
    const ip = (words: string): void => run('ip', '-n', this.#namespace, ...words.split(' '));
    ip(`link set lo up mtu ${MTU}`);
    // Or the kernel would hand over many packets as one, and they would be lost together.
    ip('link set lo gso_max_segs 1');
    const how = 'dev lo proto kernel scope host src 127.0.0.1 congctl cubic';
    for (const destination of ['127.0.0.0/8', '127.0.0.1']) ip(`route replace table local local ${destination} ${how}`);
    // On INPUT: a packet that is lost on OUTPUT is not lost but refused, and TCP sends it again at once.
    for (const side of ['--sport', '--dport']) {
      const rule = `-A INPUT -i lo -p tcp ${side} ${port} -j NFQUEUE --queue-num ${QUEUE}`;
      run(...this.prefix, 'iptables', ...rule.split(' '));
    }
  }

  async #startDelayer({ folder, roundTripMs, lossPercent, seed }: LinkOptions): Promise<void> {
    const program = join(folder, 'delayer');
    const source = fileURLToPath(new URL('./delayer.c', import.meta.url));
    run('gcc', '-O2', source, '-o', program, '-lnetfilter_queue', '-lnfnetlink');
    const [file, ...inside] = this.prefix;
    const settings = [QUEUE, roundTripMs / 2, lossPercent, seed].map(String);
    const delayer = spawn(file, [...inside, program, ...settings], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#delayer = delayer;
    const [first] = (await Promise.race([once(delayer.stdout, 'data'), once(delayer, 'exit')])) as unknown[];
    if (!Buffer.isBuffer(first)) throw new Error('the delayer does not run: does this kernel have NFQUEUE?');
  }
}

/** Throws where the command fails. */
function run(...[file, ...args]: string[]): void {
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
