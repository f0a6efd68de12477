import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';

/** The service in a process of its own, in a process group of its own. */
export interface ServiceProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it wrote so far, for people and for the log. */
  readonly written: () => string;
  /** Kills the whole group without warning; resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to stop; resolves with its exit status. */
  stop(): Promise<number | null>;
}

/** Starts the service with these variables and no other setting, and waits until it listens. */
export async function startServiceProcess(env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [join(inject('services').buildDir, 'src/main.js')], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (written += chunk.toString()));
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  for (;;) {
    const url = /"url":"([^"]+)"/.exec(written)?.[1];
    if (url !== undefined)
      return { url, child, written: () => written, kill: () => kill(child, ended), stop: () => stop(child, ended) };
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the service did not start: ${written}`);
    await sleep(20);
  }
}

async function kill({ pid, exitCode, signalCode }: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  process.kill(-pid, 'SIGKILL');
  await ended;
}

async function stop(child: ChildProcess, ended: Promise<number | null>): Promise<number | null> {
  child.kill('SIGTERM');
  return ended;
}
