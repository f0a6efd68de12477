import type { LoggerService } from '@nestjs/common';
import { destination as pinoDestination, pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import type { LogLevel } from './config.js';

export type Logger = PinoLogger;

const DEEPEST_CAUSE = 5;

/**
 * One JSON object a line, to standard output unless told otherwise. `err` is an error; of one only name, message, code,
 * stack and causes are written, because database errors carry the statement's parameters, which may hold a secret or
 * megabytes of evidence.
 */
export function createLogger(
  level: LogLevel,
  destination: DestinationStream = pinoDestination({ sync: false }),
): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => describe(error, 0) },
      redact: {
        paths: ['authorization', '*.authorization', '*.*.authorization', 'token', '*.token'],
        censor: '[secret]',
      },
    },
    destination,
  );
}

interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

function describe(error: unknown, depth: number): ErrorDescription {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error) };
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined || depth === DEEPEST_CAUSE ? {} : { cause: describe(cause, depth + 1) }),
  };
}

/** Hands what Nest itself has to say to the log: its progress reports as `debug`, since they are about the framework. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: unknown): void {
    this.logger.debug({ context }, String(message));
  }

  fatal(message: unknown, ...rest: readonly unknown[]): void {
    this.logger.fatal({ err: message, context: rest.at(-1) }, String(message));
  }

  error(message: unknown, ...rest: readonly unknown[]): void {
    this.logger.error({ err: message, context: rest.at(-1) }, String(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.logger.warn({ context }, String(message));
  }

  debug(message: unknown, context?: unknown): void {
    this.logger.debug({ context }, String(message));
  }

  verbose(message: unknown, context?: unknown): void {
    this.logger.trace({ context }, String(message));
  }
}
