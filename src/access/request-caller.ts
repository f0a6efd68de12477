import type { Caller } from './caller.js';

const CALLER = Symbol('caller');

interface Carrier {
  [CALLER]?: Caller;
}

/** Notes on the request who makes it; done by whatever let it in, before its handler runs. */
export function setCaller(request: object, caller: Caller): void {
  (request as Carrier)[CALLER] = caller;
}

/** Who makes the request. Throws where nobody asked: a route without a guard has no caller. */
export function getCaller(request: object): Caller {
  const caller = (request as Carrier)[CALLER];
  if (caller === undefined) throw new Error('the caller of a route without a guard is not known');
  return caller;
}
