import { AppError } from '../platform/app-error.js';

/** The moment, of the parameter `at`, unless it is still to come. Throws AppError `request_invalid`. */
export function assertPast(moment: Date, now: Date): Date {
  if (moment <= now) return moment;
  throw new AppError('malformed', 'request_invalid', 'what will be recorded by then nobody knows', {
    errors: [{ path: 'query.at', message: `must not be after ${now.toISOString()}` }],
  });
}
