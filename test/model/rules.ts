/**
 * Rules of PROTOCOL.md that the model can play without, to show that it notices: `node test/model/play.ts --without marks`.
 * Each says what happens in its absence.
 */
export const RULES = {
  'ledger-first': 'a sweeper settles by its own decision, not by the entry that stands',
  'kill-time': 'a process goes on after its kill time',
  'round-ids': 'all rounds of a call have the same hold id',
  'look-ids': 'a piece that was given back is asked for again under the same id',
  'highest-round': 'the lowest whole round is taken for the one that was sent',
  base: 'a round stands whole only if every budget holds what the endpoint holds',
  'least-sum': 'an unknown call is charged what its round first held, whatever was topped up',
  'directory-first': 'the head is opened first, its name put into the directory afterwards',
  'directory-grace': 'a name leaves the directory as soon as nothing is held under it',
  'open-absent': 'a change leaves shards that are not there for others to open',
  'freeze-first': 'shares are changed without freezing the shards',
  'kept-revision': 'a thawed shard forgets the revision that changed it, so that an older change may freeze it again',
  'own-end': 'a change that a later one has ended is answered as done',
  'put-takes': 'a change to what the head has already takes no revision',
  'debt-by-total': 'debt is read from Σ available alone, also when a change died half-way',
  'change-opens': 'a change of an open window whose head is missing leaves it to others to open it',
  'clocks-apart': 'a change leaves out a window that is open by another clock alone',
  'fresh-opening': 'a head is opened from settings up to 30 s old',
  marks: 'adjustments leave no mark',
  'mark-age': 'marks go as soon as all parts have them',
  'mark-from-done': 'a mark’s time runs from when it could first be made, not from when all parts had it',
  'list-age': 'a sweeper goes by a list of adjustments however old it is',
  'pointer-first': 'the adjustment row is written before the call is put into the list',
  'adjust-head': 'the difference of a purse’s call goes to the purse',
  'purse-tomb': 'a purse that was never opened is closed without being put frozen',
  'close-frozen': 'a purse is closed without being frozen',
  recall: 'purses stay open when the limit is lowered',
  'swept-recall': 'nobody recalls the purses when the change died',
  'head-summed': 'the sweeper counts the purse’s piece of a call alone, not the one beside it in the head',
} as const;

export type Rule = keyof typeof RULES;
