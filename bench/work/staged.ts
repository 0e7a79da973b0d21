/** Where dynaferry's exports lie in the bucket. */
export const STAGED_PREFIX = 'staged/';
