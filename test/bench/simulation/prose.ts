/** What is played, before the results. */
export const METHOD = `
## What is played

A discrete-event simulation, seeded, of the protocol in \`functions/budgets/PROTOCOL.md\`: every request of every call is an event of its own.

- **DynamoDB** by its published limits: 1,000 write and 3,000 read units a second for a partition, and each counter a partition to itself (where split for heat
  puts an item that stays hot); a write costs ⌈bytes / 1 KB⌉ of the whole item, the larger of before and after, and so does one whose condition
  fails; a strongly consistent read ⌈bytes / 4 KB⌉; 400 KB an item. A bucket holds one second's units. The 300 s of burst capacity
  are not modelled, for they [do not lift a partition's limit](https://repost.aws/knowledge-center/dynamodb-spiky-workloads-short-intervals). A throttled request costs nothing.
- **Latency**, assumed: median 5 ms, 99th percentile 13 ms, one in 200 ten times as long.
- **Items** weigh what the product's own functions write (\`item-size.ts\`).
- **Placing a hold**: the environment's own shard; if that has not enough or is throttled, a look at the shards and one that has enough; else a split, all or none; after a
  refusal an environment looks before it asks, for a second. Reserves are sent once. All budgets of a call side by side, all or none.
- **Yielding**, in all runs where nothing else is said: the second throttled reserve in a budget is a 503; a settlement is sent up to 20 times with pauses of up to 200 ms (full jitter).
  What cannot be settled is swept when it expires, after 90 s, with the next minute.
- **A look** reads all of up to 8 shards, of more the own and 7 at random, where nothing else is said; a table compares it with reading all.
- **Purses**, where nothing else is said: drawn for 8 × the call's amount from a shard that has at least 64 × that, as a condition of the draw; used for 10 minutes, give or take a quarter.
- **Calls** arrive at random (Poisson), last exponentially long, and have log-normal bounds. They come to a free environment at random; an environment of Lambda serves one
  call at a time. Money is whole numbers, and after every run of the tests (\`test/unit/simulation\`) nothing is held and each unit is either left or spent by a call.

All is exact, call by call, but for what the last section says of time and of tenths.
`;

/** What follows from the results. */
export const CONCLUSIONS = `
## Defaults that follow

- **Shards of an endpoint or a caller: ⌈calls a second · √(seconds a call lasts) / 40⌉.** At 90 bytes a hold a shard carries 72 / √seconds calls a second (the formula's
  root; measured, 62 to 73), and 60 % of that leaves room for moments. One shard is enough for 28 calls a second of 2 s, 9 of 20 s, 3 of 120 s; 64 are for 1,800,
  570 and 230. Bytes count by their root: a third less a hold carries a fifth more.
- **The account: the same formula with all calls of the account**, purses or not. When money is scarce calls hold in the shards; with a third of the shards and no
  purses half of them met a 503. What purses save is units: a quarter of those without are left at 2 s, a ninth at 20 s, a quarter at 120 s.
- **A purse's float: 8 × the amount of the call that draws it, and at most 1/64 of what its shard has available**, as the draw's condition, without a read. Larger ones
  save little (2.5 units a call, 2.1 with 32 ×) and lie idle when money is scarce: with 32 × for 10 minutes at 1/16, half of the limit is unused when the first call is
  refused. These also forgive too few shards, which the others do not.
- **With less than 512 × a call's amount in the shard** (64 × 8) calls hold directly, for a second before the next draw is tried.
- **A purse is used for 10 minutes**, give or take a quarter at random: with one minute, calls of 20 s and of 120 s spend three times the units. The quarter is for environments
  that began together: purses that end together are drawn together.
- **Environments that serve many calls at a time** empty 8 × in less than a second and leave it to the sweeper with holds in it: there 32 × fits, and 256 × makes the
  purse's own item too heavy.
- **A throttled reserve yields, a settlement insists.** The other way round, a minute of 1.5 × what a budget carries brings it down to a fifth, and half of the load keeps it there.
- **A look reads at most 8 shards.** With all of 32 or more, the looks of refused calls use up the shards' read units and the calls race for the same last money, so that
  nearly all 402s turn into 503s, which SDKs repeat; what is unused at the end is the same. To read fewer only after a refusal does not help on Lambda, where an environment
  rarely meets two in a second. The price: a budget of many shards refuses while a few bounds are left in pieces, until a call finds them.
- **Shards cost no money**: what is unused at the window's end is the same for 1 and 64 shards. It is what calls in flight hold above their cost, and falls with
  bound/actual × duration as its time constant: a tight bound is worth more than any number of shards.
`;

/** What the reader must not read into them. */
export const LIMITS = `
## What it cannot show

- **DynamoDB beyond its documents**: how long an item's writes queue behind each other (up to 500 a second of one item are played as free of it), how deep its buckets really are, how long a table takes to put hot items
  on partitions of their own. A new on-demand table begins with 4,000 write units a second and doubles with its peaks, and a table's quota is 40,000 unless raised: the load of the last section needs
  2.6 to 19 million. It is a bound on what one partition must carry, not a promise that a table will.
- **Lambda at that size**: 10⁵ calls a second of 2 s are 285,000 environments at once, of 120 s 17 million; a region's quota begins at 1,000 and grows by request.
- **Faults**: no answer is lost, no process dies, no clock is off, no limit changes, no window ends in mid-call, nothing tops up. The property tests and the kill tests are for those. The sweeper's own reads, the ledger and
  the cache are left out; they are other items.
- **People**: whoever is refused does not come back. SDKs that repeat a 503 make an overload longer; real traffic has bursts that Poisson has not.
- **Compressed runs** (20 s and 120 s at 10⁵ a second): fewer and heavier holds in flight fluctuate more, so that they cost some 5 % more units than exact ones where nothing is throttled. Where much is,
  they err by a quarter, and none is used.
`;
