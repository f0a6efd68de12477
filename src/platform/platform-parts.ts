/** Under which PlatformModule provides what has no class of its own: Config, Queues, Logger. */
export const CONFIG = Symbol('CONFIG');
export const QUEUES = Symbol('QUEUES');
export const LOGGER = Symbol('LOGGER');
