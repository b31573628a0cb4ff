/** Processes that run at once: enough for two cores, for each waits as much as it works. */
const AT_ONCE = 4;

/** Deals with items, a few at a time. @throws what the first to fail throws */
export async function sideBySide<Item>(
  items: readonly Item[],
  deal: (item: Item) => Promise<unknown> | undefined,
): Promise<void> {
  const queue = [...items];
  const work = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await deal(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
