/** Under which the admin token of the configuration is provided: `string | null`. */
export const ADMIN_TOKEN = Symbol('ADMIN_TOKEN');
