import { Lock } from '../../src/engine/lock.ts';

/* Run as a program of its own: holds the lock of a verification in a folder until whoever has started it lets go. */
Lock.take(process.argv[2], 'verify', 'verify');
process.on('disconnect', () => process.exit());
process.send?.('held');
