import { layers } from './layers.ts';
import { wholeZod } from './whole-zod.ts';

/** The rules of this repository, loaded by `.oxlintrc.json` under the name `weir`. */
export default { meta: { name: 'weir' }, rules: { layers, 'whole-zod': wholeZod } };
