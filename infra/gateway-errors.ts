import { Forbidden } from '#platform/errors.ts';

/** What API Gateway answers by its policies alone: the same words from the deployed one and the local one. */

/** The caller is known, and nothing lets it in. */
export const keyForbidden = new Forbidden('this key may not use this');
/** API Gateway does not say whose proof it was; that an administrator may lack a right is said too. */
export const proofDenied = new Forbidden('this key, or who signed this, may not use this');
